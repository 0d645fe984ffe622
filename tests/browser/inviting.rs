//! Invitations: making a link, signing up with it, and the tree.

use lorem_news::site::settings::{INVITED, Setting};

use crate::access::assert_accessible;
use crate::reader::{PASSWORD, Reader};

/// User 70 of a new site that takes members by invitation, and their name.
fn member() -> (Reader, String) {
    let member =
        Reader::on_site_with(|config| config.fixed_settings = vec![(Setting::SignUp, INVITED.to_owned())]);
    let sql = "SELECT screen_name FROM users WHERE id = 70";
    let name: String = member.site.database().query_row(sql, [], |row| row.get(0)).expect("a name");
    member.open("/sign_in");
    member.fill("#screen_name", &name);
    member.fill("#password", "password");
    member.follow("main button");
    (member, name)
}

/// The path of the link that the page shows.
fn link(member: &Reader) -> String {
    let link = member.evaluate("document.querySelector('#link').value");
    let link = link.as_str().expect("a link");
    link[link.find("/sign_up").expect("it leads to the form")..].to_owned()
}

#[test]
fn a_member_makes_a_link_and_another_person_signs_up_with_it() {
    for with_javascript in [true, false] {
        let (member, name) = member();
        member.follow("header a.self");
        member.follow(".actions a[href='/invitations']");
        assert_accessible(&member, "the invitations of a member without any");
        if with_javascript {
            member.mark();
            member.click("#invite");
            member.wait("document.querySelector('#link') !== null");
            assert!(member.is_marked(), "no page was loaded");
            assert_eq!(member.flash(), "Here is the link. No page shows it again.");
        } else {
            member.disable_javascript();
            member.follow("#invite");
        }
        let path = link(&member);
        let guest = member.another();
        guest.open(&path);
        assert_eq!(guest.text("#invited_by"), format!("{name} invites you."));
        guest.fill("#screen_name", "newcomer");
        guest.fill("#password", PASSWORD);
        guest.fill("#password_confirmation", PASSWORD);
        guest.follow("main button");
        assert_eq!(guest.text("header a.self"), "newcomer");
        guest.follow("header a.self");
        assert_eq!(guest.text("#invited_by"), format!("{name} (tree)"));

        member.open("/invitations");
        if with_javascript {
            member.click("#invite");
            member.wait("document.querySelector('#made button') !== null");
            member.click("#made button");
            member.wait("document.querySelector('#made button') === null");
        } else {
            member.follow("#invite");
            member.follow("#made button");
        }
        assert_eq!(member.flash(), "Withdrawn: nobody can sign up with that link any more.");
        assert!(member.text("#made").contains("Used by newcomer"), "{}", member.text("#made"));
        member.follow("#invitations a[href='/invitations/tree']");
        assert_eq!(member.text("#tree ol li"), "newcomer");
    }
}

#[test]
fn axe_finds_nothing_on_the_pages_of_invitations() {
    let (member, _) = member();
    member.allow_fault("status of 4");
    member.open("/invitations");
    member.click("#invite");
    member.wait("document.querySelector('#link') !== null");
    assert_accessible(&member, "the invitations with a new link");
    let path = link(&member);
    let guest = member.another();
    guest.allow_fault("status of 4");
    guest.open(&path);
    assert_accessible(&guest, "the form for an invited person");
    for (path, what) in
        [("/sign_up", "a site by invitation"), ("/sign_up?invitation=x", "a link that does not work")]
    {
        guest.open(path);
        assert_accessible(&guest, what);
    }
    // All states, and a tree that is as deep as a page has it.
    member
        .site
        .database()
        .execute_batch(
            "UPDATE invitations SET inviter_id = 1;
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60)
             INSERT INTO invitations (inviter_id, secret_hash, created_at) SELECT iif(n < 30, n, n % 7 + 1), zeroblob(32), n FROM n;
             UPDATE invitations SET used_at = 5, invited_id = created_at + 1 WHERE created_at < 60;
             UPDATE users SET screen_name = 'A_name_that_is_as_long_as_any_', folded_name = 'x' WHERE id = 6;
             INSERT INTO invitations (inviter_id, secret_hash, created_at, used_at, withdrawn_at)
                 VALUES (70, zeroblob(32), 1, NULL, NULL), (70, zeroblob(32), 1, 2, NULL), (70, zeroblob(32), 1, NULL, 2);",
        )
        .expect("the schema is known");
    member.open("/invitations");
    assert_eq!(member.count("#made > li"), 3);
    assert_accessible(&member, "invitations in all states");
    member.open("/invitations/tree");
    assert!(member.count("#tree li") > 20 && member.count("#tree ol ol ol ol li") > 0);
    assert_accessible(&member, "the tree");
    member.follow("#tree p.hint a");
    assert_accessible(&member, "a part of the tree");
}
