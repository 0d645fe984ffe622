//! `bin/bench scale`: whether pages cost as much with a million posts as with a thousand.
//!
//! Two databases are made in the same way, so that both have as many posts a day and as many rows on a page. A server
//! runs on each, and each page is requested from both in interleaved runs, so that noise of the machine affects both.
//! Then the writer gets sign-ins and votes, interleaved and without HTTP. Last, a server removes old sessions while
//! clients write.

mod fill;
mod options;
mod pages;
mod pruning;
mod writes;

use std::fs;

use anyhow::Result;

use crate::database::{FILE_NAME, temporary_folder};
use crate::document::{self, Section};
use options::SMALL_POSTS;

pub use options::Options;

/// Makes both databases, measures pages and writes, prints the tables, and writes the documents.
pub fn run(options: &Options) -> Result<()> {
    let temporary = temporary_folder()?;
    let parent = options.keep.as_deref().unwrap_or(temporary.path());
    let [small, large] = ["small", "large"].map(|name| parent.join(name));
    for (folder, posts) in [(&small, SMALL_POSTS), (&large, options.posts)] {
        fs::create_dir_all(folder)?;
        fill::make(&folder.join(FILE_NAME), posts, options)?;
    }
    let mut tables = String::new();
    let mut print = |table: String| {
        println!("{table}");
        tables.push_str(&format!("{table}\n"));
    };
    let pages = pages::compare([&small, &large], options)?;
    print(pages::table_of(&pages, options));
    print(pages::threads(&large, options)?);
    print(writes::compare(&large.join(FILE_NAME), options)?);
    print(pruning::measure(&small.join(FILE_NAME), temporary.path(), options)?);
    document::write(Section::Scale, &options.command(), &tables, &pages::headline(&pages))
}
