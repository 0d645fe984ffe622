//! Flags that fix settings of the site, which admins otherwise change on its pages.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};

use crate::setting;
use crate::site::settings::logo::{LogoFile, MAX_BYTES};
use crate::site::settings::{CLOSED, INVITED, OPEN, Setting};

#[derive(Args, Debug)]
pub(crate) struct SettingOptions {
    /// The site's name; without it, admins set it on the page /settings
    #[arg(long, env, value_name = "NAME")]
    site_name: Option<String>,
    /// The site's logo, a PNG, WebP or JPEG of at most 64 KB; without it, admins set it on the page /settings
    #[arg(long, env, value_name = "FILE")]
    logo: Option<PathBuf>,
    /// Whether people can sign up; without it, admins set it on the page /settings
    #[arg(long, env, value_enum, value_name = "KIND")]
    sign_up: Option<SignUp>,
    /// The days in which a new user can post two links a day, and neither vote, flag nor invite people, 0 for none; without it, admins set
    /// it on the page /settings
    #[arg(long, env, value_name = "N")]
    new_user_days: Option<u32>,
    /// The tags that posts can have, with commas between; without it, admins set them on the page /settings
    #[arg(long, env, value_name = "LIST")]
    tags: Option<String>,
    /// The users whose flags hide a post or comment until others vouch for it or an admin decides, 0 for never; without it,
    /// admins set it on the page /settings
    #[arg(long, env, value_name = "N")]
    flags_to_hide: Option<u32>,
}

/// Whether people can sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SignUp {
    /// Everybody can
    Open,
    /// People whom a member invites can
    Invited,
    /// Nobody can
    Closed,
}

impl SettingOptions {
    /// The logo that the flag fixes.
    ///
    /// # Errors
    /// The file cannot be read, or is no logo.
    pub(crate) fn logo(&self) -> Result<Option<LogoFile>> {
        let Some(path) = &self.logo else { return Ok(None) };
        let why = || format!("--logo {}", path.display());
        let mut bytes = Vec::new();
        // One byte more than it may have is enough to refuse it.
        File::open(path)
            .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
            .with_context(why)?;
        LogoFile::read(bytes).map(Some).map_err(anyhow::Error::msg).with_context(why)
    }

    /// The settings that the flags fix.
    ///
    /// # Errors
    /// Those of a value that the page would refuse.
    pub(crate) fn fixed(self) -> Result<Vec<(Setting, String)>> {
        let name = self.site_name.map(|name| (Setting::Name, name));
        let sign_up = self.sign_up.map(|sign_up| match sign_up {
            SignUp::Open => OPEN,
            SignUp::Invited => INVITED,
            SignUp::Closed => CLOSED,
        });
        let sign_up = sign_up.map(|value| (Setting::SignUp, value.to_owned()));
        let days = self.new_user_days.map(|days| (Setting::NewUserDays, days.to_string()));
        let tags = self.tags.map(|tags| (Setting::Tags, tags));
        let flags = self.flags_to_hide.map(|flags| (Setting::FlagsToHide, flags.to_string()));
        let fixed: Vec<_> = name.into_iter().chain(sign_up).chain(days).chain(tags).chain(flags).collect();
        let mistakes = setting::mistakes(&fixed);
        anyhow::ensure!(mistakes.is_empty(), "{}", mistakes.join("; "));
        Ok(fixed)
    }
}
