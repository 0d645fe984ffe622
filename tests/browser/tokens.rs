//! The page of tokens for the API.

use crate::access::assert_accessible;
use crate::reader::{PASSWORD, Reader};

#[test]
fn a_user_makes_a_token_copies_it_and_revokes_it() {
    for with_javascript in [true, false] {
        let reader = Reader::on_new_site();
        reader.allow_fault("status of 422");
        if !with_javascript {
            reader.disable_javascript();
        }
        let fits = |page: &str| {
            if with_javascript {
                assert_accessible(&reader, page);
            }
        };
        reader.sign_in();
        reader.open("/");
        reader.follow("header a.self");
        reader.follow("#api_tokens");
        assert_eq!(reader.path(), "/user/tokens");
        fits("the page without a token");
        reader.follow("main form button");
        assert!(reader.text("main").contains("Name can't be blank"));
        fits("the form with a mistake");
        reader.fill("#name", "My program");
        reader.click("#scope input[value=write]");
        reader.fill("#current_password", PASSWORD);
        reader.follow("main form button");
        let token = reader.value("#token");
        assert_eq!(token.len(), "1.".len() + 64, "{token}");
        fits("the page with the new token");
        reader.open("/user/tokens");
        assert_eq!(reader.count("#token"), 0, "it is shown once");
        assert!(reader.text("#tokens").contains("My program"));
        reader.follow("#tokens button");
        assert_eq!(reader.flash(), "The token is revoked.");
        assert_eq!(reader.count("#tokens"), 0);
    }
}
