//! Static files: part of the binary, compressed at build time, served under names with a hash of their
//! content, so that browsers may cache them forever.

use std::collections::HashMap;

use lazy_static::lazy_static;
use rouille::{Response, ResponseBody};
use sha2::{Digest, Sha256};

use super::list_header::{AcceptedCodings, has_entity_tag};
use super::{Cx, Error, Result};

/// One file of `static/`.
struct Asset {
    /// Its name in `static/`.
    name: &'static str,
    content_type: &'static str,
    bytes: &'static [u8],
    gzip: &'static [u8],
}

macro_rules! assets {
    ($($name:literal $content_type:literal)+) => { &[$(Asset {
        name: $name,
        content_type: $content_type,
        bytes: include_bytes!(concat!("../../static/", $name)),
        gzip: include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".gz")),
    }),+] };
}

const ASSETS: &[Asset] = assets! {
    "app.js"            "text/javascript; charset=utf-8"
    "htmx.min.js"       "text/javascript; charset=utf-8"
    "icon-192.png"      "image/png"
    "icon.png"          "image/png"
    "icon.svg"          "image/svg+xml"
    "keys.js"           "text/javascript; charset=utf-8"
    "manifest.json"     "application/manifest+json"
    "service-worker.js" "text/javascript; charset=utf-8"
    "tailwind.css"      "text/css; charset=utf-8"
};

/// Files that browsers and crawlers expect at the root by these names: served without a hash.
const AT_ROOT: [&str; 5] = ["icon-192.png", "icon.png", "icon.svg", "manifest.json", "service-worker.js"];

lazy_static! {
    /// The hash of each asset's content by its name in `static/`.
    static ref HASHES: HashMap<&'static str, String> =
        ASSETS.iter().map(|asset| (asset.name, hash(asset.bytes))).collect();
    /// The path of each asset by its name in `static/`: `tailwind.css` is at `/assets/tailwind-0a1b….css`.
    static ref PATHS: HashMap<&'static str, String> =
        ASSETS.iter().map(|asset| (asset.name, format!("/assets/{}", fingerprinted(asset)))).collect();
    /// Each asset by its name with the hash.
    static ref BY_FINGERPRINT: HashMap<&'static str, &'static Asset> =
        ASSETS.iter().map(|asset| (PATHS[asset.name].trim_start_matches("/assets/"), asset)).collect();
    /// The stylesheet's path.
    pub static ref STYLESHEET: &'static str = &PATHS["tailwind.css"];
    /// The path of htmx.
    pub static ref HTMX: &'static str = &PATHS["htmx.min.js"];
    /// The path of the site's own script.
    pub static ref SCRIPT: &'static str = &PATHS["app.js"];
    /// The path of the script for reading by keyboard.
    pub static ref KEYS: &'static str = &PATHS["keys.js"];
}

/// Serves the asset with this hashed name, cacheable for a year: its content never changes.
///
/// # Errors
/// [`Error::NotFound`].
pub fn serve(cx: &Cx, name: &str) -> Result {
    let asset = BY_FINGERPRINT.get(name).ok_or(Error::NotFound)?;
    Ok(respond(cx, asset, "public, max-age=31536000, immutable"))
}

/// Whether the file is served at the root.
#[must_use]
pub fn is_at_root(name: &str) -> bool {
    AT_ROOT.contains(&name)
}

/// Serves a file at the root, cacheable for an hour: it may change with the next version.
///
/// # Errors
/// [`Error::NotFound`].
pub fn serve_at_root(cx: &Cx, name: &str) -> Result {
    let asset = ASSETS.iter().find(|asset| asset.name == name).ok_or(Error::NotFound)?;
    Ok(respond(cx, asset, "public, max-age=3600"))
}

fn respond(cx: &Cx, asset: &'static Asset, cache_control: &'static str) -> Response {
    let shrinks = asset.gzip.len() < asset.bytes.len();
    let gzip = shrinks && AcceptedCodings::of(cx.request).gzip;
    let mut response = Response::from_data(asset.content_type, if gzip { asset.gzip } else { asset.bytes });
    response.headers.push(("Cache-Control".into(), cache_control.into()));
    response.headers.push(("X-Content-Type-Options".into(), "nosniff".into()));
    // Weak, since the compressed bytes have this tag as well (RFC 9110 §8.8.1).
    let tag = format!("W/\"{}\"", HASHES[asset.name]);
    let is_known = has_entity_tag(cx.request, &tag);
    response.headers.push(("ETag".into(), tag.into()));
    if shrinks {
        response.headers.push(("Vary".into(), "Accept-Encoding".into()));
    }
    if is_known {
        response.status_code = 304;
        response.data = ResponseBody::empty();
    } else if gzip {
        response.headers.push(("Content-Encoding".into(), "gzip".into()));
    }
    response
}

/// 48 bits of the content's SHA-256.
fn hash(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// `tailwind.css` → `tailwind-0a1b2c3d4e5f.css`.
fn fingerprinted(asset: &Asset) -> String {
    let hash = &HASHES[asset.name];
    let (stem, ending) = asset.name.rsplit_once('.').unwrap_or((asset.name, ""));
    format!("{stem}-{hash}.{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::io::Read;
    use std::path::Path;

    #[test]
    fn the_compressed_bytes_are_those_of_the_file() {
        for asset in ASSETS {
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(asset.gzip).read_to_end(&mut bytes).expect("gzip");
            assert!(bytes == asset.bytes, "{}", asset.name);
        }
    }

    #[test]
    fn each_asset_is_found_by_its_hashed_name() {
        assert!(STYLESHEET.starts_with("/assets/tailwind-") && STYLESHEET.ends_with(".css"));
        assert_eq!(BY_FINGERPRINT.len(), ASSETS.len());
    }

    #[test]
    fn htmx_is_the_file_that_was_vendored() {
        // 4.0.1 of the htmx.org package, dist/htmx.min.js (0BSD). The hash printed in that version's
        // own README belongs to 4.0.0.
        let digest = Sha256::digest(include_bytes!("../../static/htmx.min.js"));
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130");
    }

    #[test]
    fn the_stylesheet_is_built_from_the_present_styles() {
        // `bin/css` writes the record in the form of `sha256sum`: a hash and a path on each line.
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let record = fs::read_to_string(root.join("styles/built.sha256")).expect("bin/css wrote it");
        let (hashes, paths): (Vec<_>, Vec<_>) =
            record.lines().map(|line| line.split_once("  ").expect("a hash and a path")).unzip();
        assert_eq!(paths, ["styles/app.css", "styles/package-lock.json", "static/tailwind.css"]);
        for (hash, path) in hashes.into_iter().zip(paths) {
            let digest = Sha256::digest(fs::read(root.join(path)).expect(path));
            let now: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(now, hash, "{path} is not what static/tailwind.css was built with: run bin/css");
        }
    }
}
