//! The pages for admins.

use crate::access::assert_accessible;
use crate::reader::Reader;

/// An admin on a new site that has a recorded error.
fn admin() -> Reader {
    let admin = Reader::on_new_site();
    let name = admin.sign_in();
    let database = admin.site.database();
    database
        .execute("UPDATE users SET is_admin = 1 WHERE screen_name = ?1", [&name])
        .expect("the schema is known");
    database.execute("UPDATE users SET banned_at = 1 WHERE id = 9", []).expect("the schema is known");
    database.execute_batch("ALTER TABLE descriptions RENAME TO missing").expect("it can be renamed");
    admin.site.get("/posts/1");
    database.execute_batch("ALTER TABLE missing RENAME TO descriptions").expect("it can be renamed");
    admin
}

#[test]
fn an_admin_finds_an_error_and_resolves_it() {
    for with_javascript in [true, false] {
        let admin = admin();
        if !with_javascript {
            admin.disable_javascript();
        }
        admin.open("/");
        admin.follow("footer a[href='/admin']");
        admin.follow(".tabs a[href='/admin/errors']");
        admin.follow("#errors li a");
        assert!(admin.text("#cause").contains("no such table"), "{}", admin.text("#cause"));
        admin.follow("#resolve");
        assert_eq!(admin.path(), "/admin/errors");
        assert_eq!(admin.flash(), "Resolved. If it occurs again, it is open again.");
        assert_eq!(admin.count("#errors li"), 0);
        admin.follow(".tabs a[href='/admin/errors/resolved']");
        admin.follow("#errors li a");
        admin.follow("#resolve");
        assert_eq!(admin.flash(), "It is open again.");
    }
}

#[test]
fn axe_finds_nothing_on_the_pages_of_an_admin() {
    let admin = admin();
    // A copy that an earlier run of the server has made.
    let database = admin.site.database();
    let path: String =
        database.query_row("SELECT file FROM pragma_database_list", [], |row| row.get(0)).expect("a file");
    let name = path.rsplit('/').next().expect("a name");
    std::fs::create_dir(format!("{path}-copy")).expect("a new folder");
    database.execute_batch(&format!("VACUUM INTO '{path}-copy/{name}'")).expect("a copy");
    for page in [
        "/admin",
        "/admin/people",
        "/admin/people?name=a",
        "/admin/people/banned",
        "/admin/hints",
        "/admin/errors",
        "/admin/errors/1",
        "/admin/backup",
    ] {
        admin.open(page);
        assert_accessible(&admin, page);
    }
    assert_eq!(admin.text("#copy_facts dd:nth-of-type(3)"), "101");
    admin.follow("#delete");
    assert_eq!((admin.path(), admin.flash()), ("/admin/backup".into(), "The copy is deleted.".into()));
    assert_accessible(&admin, "the backup without a copy");
}

/// Chooses an image that the browser itself makes.
const CHOOSE: &str = "new Promise(done => {
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [WIDTH, 64];
    canvas.getContext('2d').fillRect(0, 0, 32, 32);
    canvas.toBlob(blob => {
        const files = new DataTransfer();
        files.items.add(new File([blob], 'a logo', {type: blob.type}));
        document.querySelector('#logo').files = files.files;
        done(blob.type);
    }, 'TYPE');
})";

#[test]
fn an_admin_uploads_a_logo_of_each_kind_and_removes_it() {
    let admin = admin();
    admin.allow_fault("status of 422");
    admin.open("/settings");
    for (kind, width) in [("image/png", "64"), ("image/jpeg", "512"), ("image/webp", "120")] {
        let chosen = admin.evaluate(&CHOOSE.replace("TYPE", kind).replace("WIDTH", width));
        assert_eq!(chosen, kind);
        admin.follow("#save_logo");
        assert_eq!((admin.path(), admin.flash()), ("/settings".into(), "The logo is saved.".into()));
        admin.wait("document.querySelector('header img.logo').complete");
        let shown = admin.evaluate("document.querySelector('header img.logo').naturalWidth");
        assert_eq!(shown.to_string(), width, "{kind}");
        assert_accessible(&admin, kind);
    }
    admin.follow("#save_logo");
    assert_eq!(admin.text("#logo_errors").trim(), "Choose an image");
    assert_accessible(&admin, "the refused logo");
    admin.disable_javascript();
    admin.open("/settings");
    admin.follow("#remove_logo");
    assert_eq!((admin.flash(), admin.count("header img.logo")), ("The logo is removed.".into(), 0));
}
