//! Flags that fix settings of the site, which admins otherwise change on its pages.

use anyhow::Result;
use clap::{Args, ValueEnum};

use crate::setting;
use crate::site::settings::{CLOSED, OPEN, Setting};

#[derive(Args, Debug)]
pub(crate) struct SettingOptions {
    /// The site's name; without it, admins set it on the page /settings
    #[arg(long, env, value_name = "NAME")]
    site_name: Option<String>,
    /// Whether people can sign up; without it, admins set it on the page /settings
    #[arg(long, env, value_enum, value_name = "KIND")]
    sign_up: Option<SignUp>,
}

/// Whether people can sign up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SignUp {
    /// Everybody can
    Open,
    /// Nobody can
    Closed,
}

impl SettingOptions {
    /// The settings that the flags fix.
    ///
    /// # Errors
    /// Those of a value that the page would refuse.
    pub(crate) fn fixed(self) -> Result<Vec<(Setting, String)>> {
        let name = self.site_name.map(|name| (Setting::Name, name));
        let sign_up = self.sign_up.map(|sign_up| match sign_up {
            SignUp::Open => OPEN,
            SignUp::Closed => CLOSED,
        });
        let sign_up = sign_up.map(|value| (Setting::SignUp, value.to_owned()));
        let fixed: Vec<_> = name.into_iter().chain(sign_up).collect();
        let mistakes = setting::mistakes(&fixed);
        anyhow::ensure!(mistakes.is_empty(), "{}", mistakes.join("; "));
        Ok(fixed)
    }
}
