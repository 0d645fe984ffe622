//! The builds of the program that are compared, each on a database of its own.

use std::path::Path;

use anyhow::{Result, bail};
use tempfile::TempDir;

use crate::database::{FILE_NAME, temporary_folder};
use crate::executable::Build;
use crate::server::{Executable, Mode, Server, ServerOptions};

/// The sites that are compared.
pub struct Sites {
    /// This build.
    pub this: Site,
    /// This build beside itself: the noise.
    pub again: Site,
    /// Another build.
    pub beside: Option<Site>,
}

/// A site with a member.
pub struct Site {
    /// The server.
    pub server: Server,
    /// The member's cookies.
    pub cookies: String,
    _folder: TempDir,
}

impl Sites {
    /// Starts them; `beside` is the other build.
    pub fn start(beside: Option<&Path>) -> Result<Sites> {
        let [this, again] = [(); 2].map(|()| Site::start(Executable::Built(Build::Release)));
        let beside = beside.map(|file| Site::start(Executable::File(file))).transpose()?;
        Ok(Sites { this: this?, again: again?, beside })
    }
}

impl Site {
    fn start(executable: Executable) -> Result<Site> {
        let folder = temporary_folder()?;
        let mode = Mode::Serve { benchmarking: true };
        let options = ServerOptions { executable, mode, ..ServerOptions::default() };
        options.seed(&folder.path().join(FILE_NAME))?;
        let server = Server::start(folder.path(), &options)?;
        let cookies = sign_up(server.url())?;
        Ok(Site { server, cookies, _folder: folder })
    }
}

/// The cookies of a new user.
fn sign_up(url: &str) -> Result<String> {
    let password = "a long password of a benchmark";
    let form = [("screen_name", "bench_member"), ("password", password), ("password_confirmation", password)];
    let agent =
        ureq::Agent::config_builder().max_redirects(0).http_status_as_error(false).build().new_agent();
    let answer = agent.post(format!("{url}/users")).send_form(form)?;
    let cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok());
    let cookies: Vec<&str> = cookies
        .filter_map(|cookie| cookie.split(';').next())
        .filter(|cookie| !cookie.starts_with("flash"))
        .collect();
    if cookies.is_empty() {
        bail!("signing up was answered {}", answer.status());
    }
    Ok(cookies.join("; "))
}
