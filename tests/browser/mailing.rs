//! Accounts without a shell: a link for a forgotten password, a mail address, and replies by mail.

use lorem_news::site::origin::Origin;
use lorem_news::site::smtp::Smtp;
use lorem_test_support::smtp::MailServer;

use crate::access::assert_accessible;
use crate::harness::eventually;
use crate::reader::{PASSWORD, Reader};

const BASE_URL: &str = "https://news.example";
const NEW_PASSWORD: &str = "another horse battery";

/// A reader on a new site that sends its mails to this server.
fn reader(server: &MailServer, with_javascript: bool) -> Reader {
    let reader = Reader::on_site_with(|config| {
        config.base_url = Origin::parse(BASE_URL).ok();
        config.smtp = Smtp::parse(&server.url(), None, config.base_url.as_ref()).ok();
    });
    if !with_javascript {
        reader.disable_javascript();
    }
    reader
}

/// Panics on any finding on the page; axe needs JavaScript.
fn assert_fits(reader: &Reader, page: &str, with_javascript: bool) {
    if with_javascript {
        assert_accessible(reader, page);
    }
}

/// The path in the last mail that the server has taken, which is the one of this number.
fn path_in_mail(server: &MailServer, number: usize) -> String {
    let mail = eventually("a mail", || server.received().get(number - 1).cloned());
    let link = mail.text.split_whitespace().find_map(|word| word.strip_prefix(BASE_URL));
    link.unwrap_or_else(|| panic!("{}", mail.text)).to_owned()
}

#[test]
fn a_user_confirms_an_address_and_sets_a_forgotten_password_by_mail() {
    for with_javascript in [true, false] {
        let server = MailServer::start();
        let reader = reader(&server, with_javascript);
        let name = reader.sign_in();
        reader.open("/user/edit");
        reader.follow("main a[href='/user/mail']");
        reader.fill("#address", "zoe@example.com");
        reader.fill("#current_password", PASSWORD);
        reader.follow("#confirm_address");
        assert_eq!(reader.flash(), "A mail with a link is on its way. The link confirms the address.");
        assert_fits(&reader, "an address to be confirmed", with_javascript);
        reader.open(&path_in_mail(&server, 1));
        assert_fits(&reader, "the link of a confirmation", with_javascript);
        reader.follow("main button");
        assert_eq!(reader.flash(), "The address is confirmed.");
        reader.open("/user/mail");
        assert_eq!(reader.text("#address_now"), "zoe@example.com");
        reader.click("#replies input[value=daily]");
        reader.follow("#choose_replies");
        assert_eq!(reader.flash(), "Replies by mail: your choice is saved.");
        assert_eq!(reader.count("#replies input[value=daily]:checked"), 1);
        assert_fits(&reader, "a confirmed address", with_javascript);

        let guest = reader.another();
        if !with_javascript {
            guest.disable_javascript();
        }
        guest.open("/sign_in");
        assert_fits(&guest, "the sign-in page", with_javascript);
        guest.follow("#forgotten a[href='/reset']");
        assert_fits(&guest, "the form for a link", with_javascript);
        guest.fill("#who", &name);
        guest.follow("main form button");
        assert_eq!(guest.path(), "/sign_in");
        assert_eq!(
            guest.flash(),
            "If that is a user with a confirmed address, a link is on its way by mail."
        );
        guest.open(&path_in_mail(&server, 2));
        assert_fits(&guest, "the form for a new password", with_javascript);
        guest.fill("#password", NEW_PASSWORD);
        guest.fill("#password_confirmation", NEW_PASSWORD);
        guest.follow("main form button");
        assert_eq!(guest.flash(), "Your password was changed. Sign in with the new one.");
        guest.fill("#screen_name", &name);
        guest.fill("#password", NEW_PASSWORD);
        guest.follow("main form button");
        assert_eq!(guest.text("header a.self"), name);
        reader.open("/");
        assert_eq!(reader.count("header a.self"), 0, "the other session has ended");
    }
}

#[test]
fn an_admin_makes_a_link_and_its_user_reads_of_it() {
    for with_javascript in [true, false] {
        let server = MailServer::start();
        let user = reader(&server, with_javascript);
        let name = user.sign_in();
        let admin = user.another();
        if !with_javascript {
            admin.disable_javascript();
        }
        let admins_name = admin.sign_in();
        let database = user.site.database();
        let id = |name: &str| -> i64 {
            let sql = "SELECT id FROM users WHERE screen_name = ?1";
            database.query_row(sql, [name], |row| row.get(0)).expect("a user")
        };
        let made = database.execute("UPDATE users SET is_admin = 1 WHERE id = ?1", [id(&admins_name)]);
        assert_eq!(made.expect("the schema is known"), 1);
        admin.open(&format!("/users/{}", id(&name)));
        admin.follow("main .actions a");
        assert_fits(&admin, "the forms of an admin about a user", with_javascript);
        admin.fill("#reason_to_reset", "They asked by phone");
        admin.follow("#reset button");
        let link = admin.value("#link");
        assert!(link.starts_with(&format!("{BASE_URL}/reset/")), "{link}");
        assert_fits(&admin, "the page with the link", with_javascript);

        user.open("/");
        assert!(user.text("header a.inbox").starts_with("Inbox (1)"));
        user.follow("header a.inbox");
        assert!(user.text("#notices").contains("made a link to set a new password of"));
        assert_fits(&user, "the inbox with a notice", with_javascript);
    }
}
