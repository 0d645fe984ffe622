//! What admins set on the page of settings: the site's name and look, its own pages, and the way to sign up.

pub mod kept;
pub mod logo;
pub mod sql;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::html::text::Rendered;
use crate::markup::Markup;
use logo::Logo;

/// The name of a site of which none is set.
pub const DEFAULT_NAME: &str = "Lorem News";
/// The line in the footer of a site of which none is set: the credit to the site that this one re-creates.
pub const DEFAULT_FOOTER: &str = "Made with ♥ by [@fractaledmind](https://twitter.com/fractaledmind) for \
                                  [RailsConf 2024](https://railsconf.org)";

/// The settings of the site.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The values, by [`Setting::index`].
    values: [String; Setting::ALL.len()],
    /// The line in the footer.
    pub footer: Rendered,
    /// The logo; `None`: there is none.
    pub logo: Option<Logo>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings::of(Setting::ALL.map(|setting| setting.default().to_owned()))
    }
}

impl Settings {
    fn of(values: [String; Setting::ALL.len()]) -> Settings {
        let footer = Rendered::of(Markup(&values[Setting::Footer.index()]));
        Settings { values, footer, logo: None }
    }

    /// The settings with these in place of theirs.
    #[must_use]
    pub fn with(&self, changed: impl IntoIterator<Item = (Setting, String)>) -> Settings {
        let mut values = self.values.clone();
        for (setting, value) in changed {
            values[setting.index()] = value;
        }
        Settings { logo: self.logo.clone(), ..Settings::of(values) }
    }

    /// The value of a setting, as it is typed.
    #[must_use]
    pub fn get(&self, setting: Setting) -> &str {
        &self.values[setting.index()]
    }

    /// The site's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.get(Setting::Name)
    }

    /// The colour behind the site's name; `None`: that of the text.
    #[must_use]
    pub fn accent(&self) -> Option<Accent> {
        Accent::parse(self.get(Setting::Accent))
    }

    /// The people that can sign up.
    #[must_use]
    pub fn sign_up(&self) -> SignUp {
        match self.get(Setting::SignUp) {
            CLOSED => SignUp::Closed,
            INVITED => SignUp::Invited,
            _ => SignUp::Open,
        }
    }

    /// The days in which a user counts as new; 0: none does.
    #[must_use]
    pub fn new_user_days(&self) -> u32 {
        self.get(Setting::NewUserDays).parse().unwrap_or_default()
    }

    /// The tags that posts can have, with commas or white space between; empty: there are none.
    #[must_use]
    pub fn tags(&self) -> &str {
        self.get(Setting::Tags)
    }

    /// The flags of users in good standing that hide a post or comment; 0: none do.
    #[must_use]
    pub fn flags_to_hide(&self) -> u32 {
        self.get(Setting::FlagsToHide).parse().unwrap_or_default()
    }

    /// A number that tells these settings from others: a form carries it, so that it does not undo what another admin has
    /// changed meanwhile.
    #[must_use]
    pub fn version(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.values.hash(&mut hasher);
        hasher.finish()
    }
}

/// The people that can sign up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignUp {
    /// Everybody.
    Open,
    /// People whom a member invites.
    Invited,
    /// Nobody.
    Closed,
}

/// The values of [`Setting::SignUp`].
pub const OPEN: &str = "open";
/// People whom a member invites can sign up.
pub const INVITED: &str = "invited";
/// No user can sign up.
pub const CLOSED: &str = "closed";

/// A setting, in the order of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Setting {
    /// The site's name, in the header, in titles and feeds.
    Name,
    /// A few words about the site, beside its name.
    Tagline,
    /// The colour behind the site's name, `#rrggbb`; empty: that of the text.
    Accent,
    /// Whether people can sign up: [`OPEN`], [`INVITED`] or [`CLOSED`].
    SignUp,
    /// The days in which a user counts as new; 0: none does.
    NewUserDays,
    /// The flags of users in good standing that hide a post or comment; 0: none do.
    FlagsToHide,
    /// The tags that posts can have.
    Tags,
    /// The line in the footer, in the site's markup.
    Footer,
    /// The text of `/rules`, in the site's markup; empty: there is no such page.
    Rules,
    /// The text of `/about`.
    About,
    /// The text of `/privacy`.
    Privacy,
}

impl Setting {
    /// All of them.
    pub const ALL: [Setting; 11] = [
        Setting::Name,
        Setting::Tagline,
        Setting::Accent,
        Setting::SignUp,
        Setting::NewUserDays,
        Setting::FlagsToHide,
        Setting::Tags,
        Setting::Footer,
        Setting::Rules,
        Setting::About,
        Setting::Privacy,
    ];

    /// Its position in [`Setting::ALL`].
    const fn index(self) -> usize {
        self as usize
    }

    /// Its name in the database and in the form.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Setting::Name => "name",
            Setting::Tagline => "tagline",
            Setting::Accent => "accent",
            Setting::SignUp => "sign_up",
            Setting::NewUserDays => "new_user_days",
            Setting::Tags => "tags",
            Setting::FlagsToHide => "flags_to_hide",
            Setting::Footer => "footer",
            Setting::Rules => "rules",
            Setting::About => "about",
            Setting::Privacy => "privacy",
        }
    }

    /// Its label in the form.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Setting::Name => "Name",
            Setting::Tagline => "Tagline",
            Setting::Accent => "Accent colour",
            Setting::SignUp => "Signing up",
            Setting::NewUserDays => "Days of a new user",
            Setting::Tags => "Tags",
            Setting::FlagsToHide => "Flags that hide",
            Setting::Footer => "Footer",
            Setting::Rules => "Rules",
            Setting::About => "About",
            Setting::Privacy => "Privacy",
        }
    }

    /// Whether it is a line; the others are texts.
    #[must_use]
    pub const fn is_line(self) -> bool {
        matches!(
            self,
            Setting::Name
                | Setting::Tagline
                | Setting::Accent
                | Setting::SignUp
                | Setting::NewUserDays
                | Setting::Tags
                | Setting::FlagsToHide
        )
    }

    /// The setting of this [`code`](Setting::code).
    #[must_use]
    pub fn from_code(code: &str) -> Option<Setting> {
        Setting::ALL.into_iter().find(|setting| setting.code() == code)
    }

    /// The value where none is set.
    #[must_use]
    pub const fn default(self) -> &'static str {
        match self {
            Setting::Name => DEFAULT_NAME,
            Setting::Footer => DEFAULT_FOOTER,
            Setting::SignUp => OPEN,
            Setting::NewUserDays => "0",
            Setting::FlagsToHide => "4",
            _ => "",
        }
    }
}

/// A colour, as the stylesheet of the accent has it in its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent([u8; 3]);

impl Accent {
    /// The colour of `#rrggbb`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Accent> {
        Accent::from_digits(text.strip_prefix('#')?)
    }

    /// The colour of six hexadecimal digits.
    #[must_use]
    pub fn from_digits(digits: &str) -> Option<Accent> {
        let is_hex = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Some(Accent([red, green, blue]))
    }

    /// Its six digits.
    #[must_use]
    pub fn digits(self) -> String {
        let [red, green, blue] = self.0;
        format!("{red:02x}{green:02x}{blue:02x}")
    }

    /// The stylesheet: the colour is behind the site's name. Black or white is on it, whichever has more contrast, which
    /// is at least 4.5:1 with any colour (WCAG 2.2, relative luminance).
    #[must_use]
    pub fn stylesheet(self) -> String {
        let digits = self.digits();
        let text = if self.luminance() > 0.179 { "#000" } else { "#fff" };
        format!(".brand{{background:#{digits};border-color:#{digits};color:{text}}}\n")
    }

    /// Between 0, black, and 1, white.
    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_setting_stands_at_its_index() {
        for (at, setting) in Setting::ALL.into_iter().enumerate() {
            assert_eq!((setting.index(), Setting::from_code(setting.code())), (at, Some(setting)));
        }
    }

    #[test]
    fn text_on_any_accent_can_be_read() {
        for number in (0..=0xff_ffff_u32).step_by(4_099) {
            let accent = Accent::from_digits(&format!("{number:06x}")).expect("a colour");
            let on = if accent.stylesheet().contains("color:#000}") { 0.0 } else { 1.0 };
            let (light, dark) = (accent.luminance().max(on), accent.luminance().min(on));
            assert!((light + 0.05) / (dark + 0.05) >= 4.5, "{}", accent.digits());
        }
        for wrong in ["", "#", "#fff", "ff6600", "#ff66001", "#+f6600", "#ff660é", "red;}"] {
            assert_eq!(Accent::parse(wrong), None, "{wrong}");
        }
        assert_eq!(Accent::parse("#FF6600").map(Accent::digits), Some("ff6600".to_owned()));
    }

    #[test]
    fn a_version_tells_settings_apart() {
        let settings = Settings::default();
        let other = settings.with([(Setting::Rules, "Be kind.".to_owned())]);
        assert_eq!(settings.version(), Settings::default().version());
        assert_ne!(settings.version(), other.version());
        assert_eq!((other.get(Setting::Rules), other.name()), ("Be kind.", DEFAULT_NAME));
    }
}
