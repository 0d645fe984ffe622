//! Pieces of HTML that belong to no page: escaped text, element ids.

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
pub(crate) use render_by_reference;

pub mod text;
