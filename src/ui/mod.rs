//! Pieces of a page that belong to no noun.

/// The two other ways of rendering for what implements `Render`: horrorshow asks for all three.
macro_rules! render_by_reference {
    ($($view:ty),+) => { $(
        impl ::horrorshow::RenderMut for $view {
            fn render_mut(&mut self, out: &mut ::horrorshow::TemplateBuffer) {
                ::horrorshow::Render::render(self, out);
            }
        }
        impl ::horrorshow::RenderOnce for $view {
            fn render_once(self, out: &mut ::horrorshow::TemplateBuffer) {
                ::horrorshow::Render::render(&self, out);
            }
        }
    )+ };
}

pub mod button;
pub mod field;
pub mod layout;
pub mod pager;
pub mod text;
pub mod time;
