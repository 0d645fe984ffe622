//! Tags of posts.

use lorem_news::site::settings::Setting;

use crate::access::assert_accessible;
use crate::reader::Reader;

#[test]
fn a_post_gets_tags_and_a_reader_mutes_one() {
    for with_javascript in [true, false] {
        let author = Reader::on_site_with(|config| {
            config.fixed_settings = vec![(Setting::Tags, "rust, web, databases".to_owned())];
        });
        author.sign_in();
        let reader = author.another();
        reader.sign_in();
        if !with_javascript {
            author.disable_javascript();
            reader.disable_javascript();
        }
        let accessible = |reader: &Reader, page: &str| {
            if with_javascript {
                assert_accessible(reader, page);
            }
        };
        author.open("/posts/new");
        accessible(&author, "the form for a post with tags");
        author.fill("#title", "About borrowing");
        author.fill("#tags", "Rust, databases");
        author.follow("main form[action='/posts'] .actions button:first-child");
        assert_eq!(author.text(".tags"), "#rust #databases");
        accessible(&author, "a post with tags");

        reader.open("/posts");
        assert_eq!(reader.text("#posts > li > a"), "About borrowing");
        accessible(&reader, "a list with tags");
        reader.follow("#posts .tags a");
        assert_eq!(reader.path(), "/tagged");
        accessible(&reader, "the posts of a tag");
        reader.follow("#mute");
        assert_eq!(reader.flash(), "Muted: posts with that tag leave your lists.");
        reader.open("/posts");
        assert_ne!(reader.text("#posts > li > a"), "About borrowing");
        reader.open("/muted");
        accessible(&reader, "a muted tag");
        reader.follow("#muted button");
        reader.open("/posts");
        assert_eq!(reader.text("#posts > li > a"), "About borrowing");
        reader.open("/tags");
        accessible(&reader, "all tags");
        assert_eq!(reader.count("#tags a"), 3);
    }
}
