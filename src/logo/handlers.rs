//! Requests for the logo, and the upload.

use std::io::Read;

use rouille::input::multipart::get_multipart_input;

use super::views::{ACCOUNT, FILE};
use crate::site::limiter::Action;
use crate::site::settings::logo::{LogoFile, MAX_BYTES};
use crate::site::settings::sql;
use crate::web::account::MadeFor;
use crate::web::flash::Flash;
use crate::web::form::Errors;
use crate::web::{Cx, Error, Result, Viewer, paths, reply};
use crate::{auth, moderation, setting};

const FIXED: Error = Error::Forbidden("A flag or variable of the server has set the logo.");
const MALFORMED: Error = Error::BadRequest("The form has not arrived whole.");
/// The most fields of the form: it has two.
const MAX_FIELDS: usize = 10;

/// `GET /logo/HASH.png`: the present logo. Another one has another address.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn show(cx: &Cx, file: &str) -> Result {
    let settings = cx.settings_of_now()?;
    let logo = settings.logo.as_ref().filter(|logo| logo.file_name() == file).ok_or(Error::NotFound)?;
    let bytes = match cx.site.settings.fixed_logo() {
        Some(fixed) => fixed.bytes.clone(),
        None => cx.read(|connection| sql::logo_bytes(connection, &logo.hash))?.ok_or(Error::NotFound)?,
    };
    Ok(reply::immutable(cx, logo.kind.media_type(), bytes))
}

/// The fields of the upload.
#[derive(Default)]
struct Upload {
    account: Option<String>,
    bytes: Vec<u8>,
}

/// `POST /settings/logo`: takes an image as the logo, by a form with a file.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::RateLimited`]; [`Error::Forbidden`] where a flag has set it;
/// [`Error::BadRequest`] for half a form; [`Error::OtherAccount`]; [`Error::Unavailable`] or [`Error::Internal`] when the
/// database fails.
pub fn upload(cx: &Cx) -> Result {
    let viewer = auth::require_admin(cx)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    let Upload { account, bytes } = read(cx)?;
    if let Some(sent) = account {
        cx.made_for.set(MadeFor::compare(&sent, viewer));
        auth::other_account(cx).map_or(Ok(()), Err)?;
    }
    let file = if bytes.is_empty() { Err("Choose an image") } else { LogoFile::read(bytes) };
    match file {
        Ok(file) => set(cx, viewer, Some(file)),
        Err(sentence) => setting::handlers::refuse_logo(cx, &Errors::one(FILE, sentence)),
    }
}

/// `DELETE /settings/logo`: removes it. Without one nothing changes.
///
/// # Errors
/// Those of [`auth::require_admin`]; [`Error::RateLimited`]; [`Error::Forbidden`] where a flag has set it;
/// [`Error::Unavailable`] or [`Error::Internal`] when the database fails.
pub fn remove(cx: &Cx) -> Result {
    let viewer = auth::require_admin(cx)?;
    cx.site.limiter.check_and_record(Action::ChangeBy(viewer.id))?;
    set(cx, viewer, None)
}

/// Reads the form. Another kind of form has no file.
fn read(cx: &Cx) -> Result<Upload> {
    let mut upload = Upload::default();
    let Ok(mut fields) = get_multipart_input(cx.request) else { return Ok(upload) };
    for _ in 0..MAX_FIELDS {
        let Some(field) = fields.next() else { return Ok(upload) };
        let (name, mut bytes) = (field.headers.name.to_string(), Vec::new());
        // One byte more than it may have is enough to refuse it.
        field.data.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|_| MALFORMED)?;
        match &*name {
            FILE => upload.bytes = bytes,
            ACCOUNT => upload.account = String::from_utf8(bytes).ok(),
            _ => {}
        }
    }
    Err(MALFORMED)
}

fn set(cx: &Cx, viewer: &Viewer, file: Option<LogoFile>) -> Result {
    if cx.site.settings.fixed_logo().is_some() {
        return Err(FIXED);
    }
    let flash = if file.is_some() { Flash::LogoSaved } else { Flash::LogoRemoved };
    let (session_id, now) = (viewer.session_id, cx.now);
    let done = cx.write(move |connection| {
        let Some(admin_id) = moderation::sql::admin(connection, session_id)? else { return Ok(false) };
        if sql::set_logo(connection, file.as_ref())? {
            moderation::sql::record_settings(connection, admin_id, "Logo", now)?;
        }
        Ok(true)
    });
    cx.site.settings.forget();
    if done? { Ok(reply::done(cx, paths::SETTINGS, flash)) } else { Err(auth::NOT_AN_ADMIN) }
}
