//! Compresses the static files once, at build time, with the best level.

use std::io::Write;
use std::path::Path;
use std::{env, fs, io};

use flate2::{Compression, write::GzEncoder};

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=static");
    let out = env::var_os("OUT_DIR").expect("cargo sets it");
    for entry in fs::read_dir("static")? {
        let path = entry?.path();
        let name = path.file_name().expect("an entry has a name").to_string_lossy().into_owned();
        let file = fs::File::create(Path::new(&out).join(name + ".gz"))?;
        let mut encoder = GzEncoder::new(file, Compression::best());
        encoder.write_all(&fs::read(&path)?)?;
        encoder.finish()?;
    }
    Ok(())
}
