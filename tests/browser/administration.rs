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
