//! The account that a page was made for. Its forms carry it, since another tab of the browser may have signed
//! out, or signed in as another user, before they are sent.

use horrorshow::{Raw, Render, TemplateBuffer};

use super::viewer::Viewer;
use crate::html::render_by_reference;
use crate::html::text::Id;
use crate::types::id::UserId;

/// The name of the hidden field.
pub const FIELD: &str = "account";

/// The value of the field on a guest's page.
const GUEST: &str = "guest";

/// The account that a page was made for; `None`: a guest's. It renders as the hidden field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account(Option<UserId>);

impl Account {
    /// The account of a page's viewer.
    #[must_use]
    pub fn of(viewer: Option<&Viewer>) -> Account {
        Account(viewer.map(|viewer| viewer.id))
    }
}

impl Render for Account {
    fn render(&self, out: &mut TemplateBuffer) {
        Raw("<input type=hidden name=account value=").render(out);
        match self.0 {
            Some(id) => Id("", id.get()).render(out),
            None => Raw("guest").render(out),
        }
        Raw(">").render(out);
    }
}

render_by_reference!(Account);

/// The account that the request's form was made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MadeFor {
    /// The viewer, or a form that does not say.
    #[default]
    Viewer,
    /// A guest; the viewer has signed in since.
    Guest,
    /// Another account than the viewer's.
    Other,
}

impl MadeFor {
    /// Compares the value of the [`FIELD`] with the viewer. A value that no page has is another account's.
    #[must_use]
    pub fn compare(sent: &str, viewer: &Viewer) -> MadeFor {
        match sent.parse::<i64>() {
            _ if sent == GUEST => MadeFor::Guest,
            Ok(id) if viewer.id.get() == id => MadeFor::Viewer,
            _ => MadeFor::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::id::SessionId;
    use horrorshow::Template;

    #[test]
    fn a_field_is_the_viewers_a_guests_or_anothers() {
        let viewer = Viewer {
            id: UserId::new(17),
            screen_name: "somebody".into(),
            session_id: SessionId::new(1),
            grant: None,
            unread_count: 0,
            hides_count: 0,
            is_admin: false,
            is_banned: false,
        };
        for (sent, made_for) in [
            ("17", MadeFor::Viewer),
            ("guest", MadeFor::Guest),
            ("18", MadeFor::Other),
            ("", MadeFor::Other),
            ("Guest", MadeFor::Other),
            ("99999999999999999999", MadeFor::Other),
        ] {
            assert_eq!(MadeFor::compare(sent, &viewer), made_for, "{sent:?}");
        }
        let field = |viewer| Account::of(viewer).into_string().expect("it renders");
        assert_eq!(field(Some(&viewer)), "<input type=hidden name=account value=17>");
        assert_eq!(field(None), "<input type=hidden name=account value=guest>");
    }
}
