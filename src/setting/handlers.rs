//! Handlers of the settings, and of the site's own pages.

use horrorshow::owned_html;
use rouille::Response;

use super::{FIELDS, accent_of, check, differences, is_of_before, requested, views};
use crate::auth;
use crate::draft;
use crate::logo;
use crate::moderation;
use crate::site::limiter::Action;
use crate::site::settings::{Setting, Settings, sql};
use crate::ui::layout::{self, Page};
use crate::web::flash::Flash;
use crate::web::form::{Errors, NO_ERRORS};
use crate::web::{Cx, Error, Result, paths, reply};

/// `GET /settings`: the form, for admins.
///
/// # Errors
/// [`Error::SignIn`] for a guest; [`Error::Moderated`] for a banned user; [`Error::Forbidden`] for other users;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn edit(cx: &Cx) -> Result {
    auth::require_admin(cx)?;
    let draft = draft::handlers::find(cx, paths::SETTINGS)?.unwrap_or_default();
    let (present, mut errors) = (cx.settings(), cx.unsent_errors());
    if is_of_before(&draft, present) {
        errors.add("", CHANGED_MEANWHILE);
    }
    Ok(reply::page(cx, page(cx, &requested(&draft, present), present.version(), (&errors, &NO_ERRORS))?))
}

/// The page with the forms of the settings and of the logo, and the mistakes in each, made for the settings of this version.
fn page(
    cx: &Cx,
    typed: &Settings,
    version: u64,
    (errors, logo_errors): (&Errors, &Errors),
) -> Result<String> {
    let refused = if errors.is_empty() { logo_errors } else { errors };
    let page = Page::with_form(cx, "Settings", refused)?;
    let is_fixed = |setting| cx.site.settings.is_fixed(setting);
    let form = views::SettingsForm { account: page.account(), typed, version, errors };
    let is_logo_fixed = cx.site.settings.fixed_logo().is_some();
    let main = owned_html! {
        : views::edit(&form, &is_fixed);
        : logo::views::form(form.account, cx.settings().logo.as_ref(), is_logo_fixed, logo_errors);
    };
    Ok(layout::render(&page, main)?)
}

/// The page for an image that cannot be the logo, with the reason.
///
/// # Errors
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn refuse_logo(cx: &Cx, errors: &Errors) -> Result {
    let present = cx.settings();
    Ok(reply::refused(cx, page(cx, present, present.version(), (&NO_ERRORS, errors))?, errors))
}

/// `PATCH /settings`: changes what the form changes, and logs which. Mistakes are shown in the form, and so is a change by
/// another admin since the form was made.
///
/// # Errors
/// [`Error::SignIn`] for a guest, whose form is kept as a draft; [`Error::Forbidden`] for a user who is no admin;
/// [`Error::Moderated`] for a banned user; [`Error::TooLarge`] for a form that no page can show again;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn update(cx: &Cx) -> Result {
    let viewer = draft::handlers::require_user(cx, paths::SETTINGS, &FIELDS)?;
    auth::require_admin(cx)?;
    let form = cx.form()?;
    let (present, typed) = (cx.settings(), requested(form, cx.settings()));
    let mut errors = check(&typed);
    if is_of_before(form, present) {
        errors.add("", CHANGED_MEANWHILE);
    }
    let errors = cx.or_refused(errors, Action::ChangeBy(viewer.id));
    if !errors.is_empty() {
        return Ok(reply::refused(cx, page(cx, &typed, present.version(), (&errors, &NO_ERRORS))?, &errors));
    }
    let changes: Vec<Setting> =
        differences(present, &typed).filter(|it| !cx.site.settings.is_fixed(*it)).collect();
    let (session_id, now, token, before) =
        (viewer.session_id, cx.now, draft::handlers::token(cx), present.version());
    let fixed = cx.site.config.fixed_settings.clone();
    let outcome = cx.write(move |connection| {
        let Some(admin_id) = moderation::sql::admin(connection, session_id)? else {
            return Ok(Outcome::NotAdmin);
        };
        let version = sql::read(connection)?.with(fixed.iter().cloned()).version();
        if version != before {
            return Ok(Outcome::ChangedMeanwhile(version));
        }
        for &setting in &changes {
            sql::set(connection, setting, typed.get(setting))?;
        }
        if !changes.is_empty() {
            let names: Vec<&str> = changes.iter().map(|setting| setting.label()).collect();
            moderation::sql::record_settings(connection, admin_id, &names.join(", "), now)?;
        }
        draft::handlers::delete_sent(connection, token.as_ref(), paths::SETTINGS)?;
        Ok(Outcome::Done)
    });
    cx.site.settings.forget();
    match outcome? {
        Outcome::Done => Ok(reply::done(cx, paths::SETTINGS, Flash::SettingsSaved)),
        Outcome::NotAdmin => Err(draft::handlers::sign_in_first(cx, paths::SETTINGS, &FIELDS)),
        Outcome::ChangedMeanwhile(version) => {
            let errors = Errors::one("", CHANGED_MEANWHILE);
            let typed = requested(form, present);
            Ok(reply::refused(cx, page(cx, &typed, version, (&errors, &NO_ERRORS))?, &errors))
        }
    }
}

enum Outcome {
    Done,
    NotAdmin,
    /// The settings have another version now.
    ChangedMeanwhile(u64),
}

const CHANGED_MEANWHILE: &str = "Another admin has changed the settings since you opened this form. Send it again to set them as they are here";

/// `GET /rules`, `/about` and `/privacy`: a page of the site's own.
///
/// # Errors
/// [`Error::NotFound`] for a page without a text; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx, setting: Setting) -> Result {
    let text = cx.settings().get(setting);
    if text.is_empty() {
        return Err(Error::NotFound);
    }
    cx.shows(&[], None);
    let description = format!("{} of {}.", setting.label(), cx.settings().name());
    let page = Page { description: &description, ..Page::new(cx, setting.label())? };
    Ok(reply::page(cx, layout::render(&page, views::text(text))?))
}

/// `GET /accent/RRGGBB.css`: the stylesheet of an accent colour. The address says everything.
///
/// # Errors
/// [`Error::NotFound`] for what is no colour.
pub fn accent(cx: &Cx, file: &str) -> Result<Response> {
    let accent = accent_of(file).ok_or(Error::NotFound)?;
    Ok(reply::document(cx, "text/css; charset=utf-8", MAX_AGE_SECONDS, accent.stylesheet()))
}

/// `GET /manifest.json`: the web app's manifest, with the site's name.
///
/// # Errors
/// [`Error::Internal`] if the manifest in the program is no JSON.
pub fn manifest(cx: &Cx) -> Result {
    let mut manifest: serde_json::Value =
        serde_json::from_str(MANIFEST).map_err(|error| Error::Internal(error.into()))?;
    let name = cx.settings().name();
    for key in ["name", "short_name"] {
        manifest[key] = name.into();
    }
    manifest["description"] = format!("What people post and discuss on {}.", cx.site_name()).into();
    Ok(reply::document(cx, "application/manifest+json", 3_600, format!("{manifest:#}\n")))
}

const MANIFEST: &str = include_str!("../../static/manifest.json");

/// A year: the stylesheet of a colour does not change.
const MAX_AGE_SECONDS: u32 = 31_536_000;
