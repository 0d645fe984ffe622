//! The logo: an upload by an admin, shown on each page.

use rusqlite::Connection;

use crate::client::*;
use crate::harness::*;
use crate::seen::*;

const ICON: &[u8] = include_bytes!("../../static/icon-192.png");
const SAVED: &str = "The logo is saved.";
const REMOVED: &str = "The logo is removed.";
const BOUNDARY: &str = "----lorem7";

/// A site on which user 1 is the only admin.
fn site() -> (Site, Connection, Client) {
    let site = Site::start();
    let database = site.database();
    database.execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let admin = Client::signed_in_as(&site, 1);
    (site, database, admin)
}

/// A form with a file, as a browser sends it.
fn body(fields: &[(&str, &[u8])]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let file =
            if *name == "logo" { "; filename=\"a \\\"logo\\\".png\"\r\nContent-Type: image/png" } else { "" };
        body.extend(
            format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n").bytes(),
        );
        body.extend(*value);
        body.extend(b"\r\n");
    }
    body.extend(format!("--{BOUNDARY}--\r\n").bytes());
    body
}

fn send(client: &Client, body: &[u8], more: &[(&str, &str)]) -> Answer {
    let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
    client.send("POST", "/settings/logo", &[&[("Content-Type", &*content_type)], more].concat(), body)
}

fn upload(client: &Client, file: &[u8]) -> Answer {
    send(client, &body(&[("account", b"1"), ("logo", file)]), &[])
}

fn logo(client: &Client, path: &str) -> Vec<String> {
    attributes(&client.get(path).html(), "header img.logo", "src")
}

/// A PNG of another size, whose pixels nobody decodes.
fn sized(width: u32, height: u32) -> Vec<u8> {
    [&ICON[..16], &width.to_be_bytes(), &height.to_be_bytes(), &ICON[24..]].concat()
}

#[test]
fn an_admin_uploads_a_logo_and_every_page_shows_it_at_once() {
    let (site, database, admin) = site();
    let (guest, member) = (Client::new(&site), Client::signed_in_as(&site, 5));
    let paths = ["/", "/posts/3", "/sign_in", "/nowhere"];
    let before: Vec<String> = paths.iter().map(|path| guest.get(path).text().to_owned()).collect();
    // Twice in a row: the second changes nothing, and is not logged.
    for _ in 0..2 {
        assert_done(&admin, &upload(&admin, ICON), "/settings", SAVED);
    }
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE reason = 'Logo'"), 1);
    let address = logo(&guest, "/").concat();
    for path in paths {
        for reader in [&guest, &member, &admin] {
            assert_eq!(logo(reader, path), [&*address], "{path}");
        }
        let html = guest.get(path).html();
        assert_eq!(attributes(&html, "header img.logo", "height"), ["24"]);
        assert_eq!(attributes(&html, "link[rel=icon]", "href"), [&*address]);
    }
    let image = guest.get(&address);
    assert_eq!((image.status, image.header("Content-Type")), (200, Some("image/png")));
    assert!(image.body == ICON && address.ends_with(".png"));
    assert_eq!(image.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(image.header("X-Content-Type-Options"), Some("nosniff"));
    assert!(
        image.header("Content-Security-Policy").is_some_and(|policy| policy.contains("default-src 'none'"))
    );
    // Another one has another address; a wide one is no icon.
    assert_done(&admin, &upload(&admin, &sized(400, 100)), "/settings", SAVED);
    let other = logo(&guest, "/").concat();
    assert!(other != address && guest.get(&other).status == 200 && guest.get(&address).status == 404);
    let html = guest.get("/").html();
    assert_eq!(attributes(&html, "header img.logo", "width"), ["96"]);
    assert_eq!(attributes(&html, "link[rel=icon]", "href"), ["/icon.svg"]);

    for _ in 0..2 {
        let removed = admin.post("/settings/logo", &[("_method", "delete")]);
        assert_done(&admin, &removed, "/settings", REMOVED);
    }
    assert_leads_htmx_to(&admin.htmx("DELETE", "/settings/logo", &[]), 200, "/settings");
    assert_eq!(number(&database, "SELECT count(*) FROM acts WHERE reason = 'Logo'"), 3);
    let after: Vec<String> = paths.iter().map(|path| guest.get(path).text().to_owned()).collect();
    assert!(after == before, "without a logo each page is as it was");
    assert_eq!(guest.get(&other).status, 404);
    assert_sound(&database);
}

#[test]
fn only_an_admin_sets_the_logo() {
    let (site, database, _) = site();
    let (guest, other) = (Client::new(&site), Client::signed_in_as(&site, 5));
    let partial = [("HX-Request-Type", "partial")];
    let form = body(&[("logo", ICON)]);
    assert_eq!((send(&guest, &form, &[]).status, send(&guest, &form, &partial).status), (303, 401));
    assert_eq!((send(&other, &form, &[]).status, send(&other, &form, &partial).status), (403, 403));
    assert_eq!(other.ask("DELETE", "/settings/logo", &[], &[]).status, 403);
    database
        .execute("UPDATE users SET banned_at = 1, is_admin = 1 WHERE id = 5", [])
        .expect("the schema is known");
    assert_eq!(send(&other, &form, &[]).status, 403);
    assert_eq!(count(&database, "logo"), 0);
}

#[test]
fn what_is_no_logo_is_refused_with_the_reason() {
    let (_site, database, admin) = site();
    let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let large = [ICON, &vec![0; 64 * 1024]].concat();
    let huge = [ICON, &vec![0; 900 * 1024]].concat();
    for (file, why) in [
        (&b""[..], "Choose an image"),
        (svg, "An SVG can hold scripts"),
        (b"GIF89a\x01\0\x01\0", "That is no PNG, WebP or JPEG"),
        (&ICON[..14], "The image is damaged"),
        (&large, "maximum is 64 KB"),
        (&huge, "maximum is 64 KB"),
        (&sized(4_000, 4_000), "maximum is 2,048 each way"),
        (&sized(1_000, 10), "too narrow"),
    ] {
        let answer = upload(&admin, file);
        assert_eq!(answer.status, 422, "{why}");
        assert!(texts(&answer.html(), "#logo_errors").concat().contains(why), "{why}: {}", answer.text());
        assert!(texts(&answer.html(), ".errors").is_empty(), "the other form has no mistake");
    }
    // No file at all, and another kind of form.
    assert_eq!(send(&admin, &body(&[]), &[]).status, 422);
    assert_eq!(admin.post("/settings/logo", &[("logo", "x")]).status, 422);
    // Half a form, and one with too many fields.
    let whole = body(&[("logo", ICON)]);
    for half in [&whole[..whole.len() / 2], &whole[..whole.len() - 20], &whole[..60]] {
        assert!(matches!(send(&admin, half, &[]).status, 400 | 422));
    }
    assert_eq!(send(&admin, &body(&vec![("a", &b"b"[..]); 200]), &[]).status, 400);
    assert_eq!(send(&admin, &vec![b'x'; 1_100_000], &[]).status, 413);
    // A form of another account.
    assert_eq!(send(&admin, &body(&[("account", b"5"), ("logo", ICON)]), &[]).status, 409);
    assert_eq!(count(&database, "logo"), 0);
    assert_eq!(count(&database, "acts"), 0);
}

#[test]
fn a_flag_fixes_the_logo() {
    let (folder, path) = folder();
    seeded(&path, 20);
    open(&path).execute("UPDATE users SET is_admin = (id = 1)", []).expect("the schema is known");
    let file = folder.path().join("logo.png");
    std::fs::write(&file, ICON).expect("it can be written");
    let program = Program::serve(&path, &["--logo", file.to_str().expect("UTF-8")]);
    let admin = Client::at(program.address);
    assert_eq!(admin.sign_in(&name_of(&open(&path), 1)).status, 303);
    let address = logo(&admin, "/").concat();
    assert!(admin.get(&address).body == ICON);
    let page = admin.get("/settings");
    assert!(page.text().contains("A flag or variable of the server has set this"), "{}", page.text());
    assert_eq!(texts(&page.html(), "#save_logo").len(), 0);
    assert_eq!(upload(&admin, ICON).status, 403);
    assert_eq!(admin.ask("DELETE", "/settings/logo", &[], &[]).status, 403);
    drop(program);
    std::fs::write(&file, "no image").expect("it can be written");
    let output = on(&path, &["serve", "--listen", "127.0.0.1:0", "--logo", file.to_str().expect("UTF-8")])
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success() && said.contains("logo.png") && said.contains("That is no PNG"),
        "{said}"
    );
}
