//! HTML without a page: escaped text, element ids, prerendered fragments.

/// Implements `RenderMut` and `RenderOnce` by `Render`: horrorshow's templates require all three.
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

pub mod size;
pub mod text;
