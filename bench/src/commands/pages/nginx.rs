//! nginx, as fast as it sends files.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::database::temporary_folder;
use crate::process::{Process, wait_for};
use crate::server::Server;

/// How long it may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// nginx, which sends the bodies of the pages from files.
pub struct Nginx {
    _process: Process,
    /// The address at which it is reached.
    pub url: String,
    _folder: TempDir,
}

impl Nginx {
    /// Starts it with the pages at these paths of a server, of which it sends the n-th from `/n`. `None`: it is not
    /// installed.
    pub fn start(server: &Server, paths: &[&str]) -> Result<Option<Nginx>> {
        let Some(program) =
            ["/usr/sbin/nginx", "/usr/local/bin/nginx"].iter().find(|path| Path::new(path).exists())
        else {
            return Ok(None);
        };
        let folder = temporary_folder()?;
        let root = folder.path().join("pages");
        fs::create_dir(&root)?;
        for (number, path) in paths.iter().enumerate() {
            for (name, coding) in [(number.to_string(), "identity"), (format!("{number}.gz"), "gzip")] {
                fs::write(root.join(name), body(&format!("{}{path}", server.url()), coding)?)?;
            }
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration(folder.path(), port))?;
        let log = File::create(folder.path().join("stderr"))?;
        let mut command = Command::new(program);
        command
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log);
        let process = Process::start(&mut command)?;
        let url = format!("http://127.0.0.1:{port}");
        wait_for(START_TIMEOUT, || Ok(body(&format!("{url}/0"), "gzip").ok()))
            .context("nginx does not answer")?;
        Ok(Some(Nginx { _process: process, url, _folder: folder }))
    }
}

/// As fast as nginx sends files: two processes, no log, open files kept, connections without end.
fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "daemon off; master_process on; worker_processes 2; pid {folder}/pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
    access_log off; sendfile on; tcp_nopush on; tcp_nodelay on; gzip_static on; default_type text/html;
    keepalive_requests 1000000000; keepalive_timeout 600s;
    open_file_cache max=1000 inactive=600s; open_file_cache_valid 600s;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
    server {{ listen 127.0.0.1:{port}; root {folder}/pages; }}
}}
"
    )
}

/// The bytes of a body as they are sent.
fn body(url: &str, coding: &str) -> Result<Vec<u8>> {
    Ok(ureq::get(url).header("Accept-Encoding", coding).call()?.body_mut().read_to_vec()?)
}
