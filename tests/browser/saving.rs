//! Saved posts.

use crate::reader::{PASSWORD, Reader};

#[test]
fn a_post_is_saved_by_its_button_which_keeps_the_focus() {
    let reader = Reader::on_new_site();
    reader.sign_in();
    let path = reader.new_post("A post to find again");
    let button = format!("#save_{}", path.trim_start_matches("/posts/"));
    reader.open(&path);
    reader.mark();
    reader.click(&button);
    reader.wait_text(&button, "Unsave");
    reader.wait(&format!("document.activeElement.matches('{button}')"));
    reader.press("Enter");
    reader.wait_text(&button, "Save");
    assert_eq!(reader.flash(), "It is no longer among your saved posts.");
    reader.wait(&format!("document.activeElement.matches('{button}')"));
    reader.press("Enter");
    reader.wait_text(&button, "Unsave");
    assert!(reader.is_marked(), "no page was loaded");
    assert_eq!(reader.flash(), "Saved. Your own page leads to your saved posts.");

    reader.follow("header a.self");
    reader.follow("main a[href='/saved']");
    assert_eq!(reader.text("ol.posts > li > a"), "A post to find again");
    reader.follow("ol.posts > li > a");
    assert_eq!(reader.path(), path);
}

#[test]
fn a_button_that_a_swap_made_loads_no_page_from_its_first_moment_on() {
    let reader = Reader::on_new_site();
    reader.sign_in();
    let path = reader.new_post("A post to find again");
    let button = format!("#save_{}", path.trim_start_matches("/posts/"));
    reader.open(&path);
    reader.mark();
    // Presses the new button as soon as the swap that made it has ended.
    reader.evaluate(&format!(
        "new MutationObserver((_, observer) => {{
            if (document.querySelector('{button}')?.innerText.trim() !== 'Unsave') return;
            observer.disconnect();
            document.querySelector('{button}').click();
        }}).observe(document.body, {{childList: true, subtree: true}})"
    ));
    reader.click(&button);
    reader.wait(&format!(
        "document.querySelector('{button}')?.innerText.trim() === 'Save' && document.querySelector('#flash').innerText !== ''"
    ));
    assert!(reader.is_marked(), "a page was loaded");
}

#[test]
fn a_user_saves_a_post_without_javascript() {
    let author = Reader::on_new_site();
    let name = author.sign_in();
    let path = author.new_post("A post to find again");
    let button = format!("#save_{}", path.trim_start_matches("/posts/"));
    let reader = author.another();
    reader.disable_javascript();
    reader.open(&path);
    assert_eq!(reader.count(&button), 0, "a guest has no list");
    let path_in_query = path.replace('/', "%2F");
    reader.open(&format!("/sign_in?return_to={path_in_query}"));
    reader.fill("#screen_name", &name);
    reader.fill("#password", PASSWORD);
    reader.follow("main button");
    assert_eq!(reader.path(), path);
    reader.follow(&button);
    assert_eq!((reader.path(), reader.text(&button)), (path, "Unsave".to_owned()));
    assert_eq!(reader.flash(), "Saved. Your own page leads to your saved posts.");
}
