//! The site's logo: an image of a few kinds, by its header.

use imagesize::ImageType;
use sha2::{Digest, Sha256};

/// The most bytes of the image. Each page names it, and the database keeps it.
pub const MAX_BYTES: usize = 64 * 1024;
/// The most pixels of a side: browsers decode the whole image.
pub const MAX_PIXELS: usize = 2_048;
/// The most times that it may be wider than high, or higher than wide: the header of a page has a line for it.
const MAX_RATIO: usize = 8;
/// The least pixels of a square PNG or WebP that becomes the icon of the site.
const MIN_ICON_PIXELS: u16 = 32;

/// The kind of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// PNG.
    Png,
    /// WebP.
    Webp,
    /// JPEG.
    Jpeg,
}

impl Kind {
    /// The ending of its address, and its code in the database.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Kind::Png => "png",
            Kind::Webp => "webp",
            Kind::Jpeg => "jpg",
        }
    }

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Kind::Png => "image/png",
            Kind::Webp => "image/webp",
            Kind::Jpeg => "image/jpeg",
        }
    }

    /// Whether a file ends as one of this kind does: half an upload does not, and neither does an image to which something
    /// else was appended. PNG ends with the chunk `IEND` (<https://www.w3.org/TR/png-3/#11IEND>), JPEG with the marker EOI
    /// (ITU-T T.81, B.1.1.3); WebP has its size in its header (RFC 9649 §2.4).
    fn is_complete(self, bytes: &[u8]) -> bool {
        match self {
            Kind::Png => bytes.ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"),
            Kind::Jpeg => bytes.ends_with(&[0xff, 0xd9]),
            Kind::Webp => {
                let size = bytes.get(4..8).and_then(|size| size.try_into().ok()).map(u32::from_le_bytes);
                size.is_some_and(|size| size as usize + 8 == bytes.len())
            }
        }
    }

    /// The kind with this [`ending`](Kind::ending).
    #[must_use]
    pub fn of(ending: &str) -> Option<Kind> {
        [Kind::Png, Kind::Webp, Kind::Jpeg].into_iter().find(|kind| kind.ending() == ending)
    }
}

/// The logo as pages show it, without its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// The first half of the SHA-256 of its bytes, in hexadecimal digits.
    pub hash: String,
    /// The kind of image.
    pub kind: Kind,
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

/// A logo with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoFile {
    /// The logo.
    pub logo: Logo,
    /// The file.
    pub bytes: Vec<u8>,
}

impl Logo {
    /// The name in its address.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.{}", self.hash, self.kind.ending())
    }

    /// Its width in pixels where it is as high as this.
    #[must_use]
    pub fn width_at(&self, height: u16) -> u32 {
        let (width, own) = (u32::from(self.width), u32::from(self.height).max(1));
        (width * u32::from(height)).div_ceil(own)
    }

    /// Whether it can be the icon of the site: a square that is large enough.
    #[must_use]
    pub fn is_icon(&self) -> bool {
        self.kind != Kind::Jpeg && self.width == self.height && self.width >= MIN_ICON_PIXELS
    }
}

impl LogoFile {
    /// The logo in a file, by its header.
    ///
    /// # Errors
    /// A sentence that says why it cannot be one.
    pub fn read(bytes: Vec<u8>) -> Result<LogoFile, &'static str> {
        if bytes.len() > MAX_BYTES {
            return Err("The image is too large (maximum is 64 KB)");
        }
        let kind = match imagesize::image_type(&bytes) {
            Ok(ImageType::Png) => Kind::Png,
            Ok(ImageType::Webp) => Kind::Webp,
            Ok(ImageType::Jpeg) => Kind::Jpeg,
            _ => return Err("That is no PNG, WebP or JPEG. An SVG can hold scripts, and is not taken"),
        };
        if !kind.is_complete(&bytes) {
            return Err("The image is damaged: its end is missing, or something follows it");
        }
        let size = imagesize::blob_size(&bytes).map_err(|_| "The image is damaged")?;
        let (long, short) = (size.width.max(size.height), size.width.min(size.height));
        if short == 0 {
            return Err("The image is damaged");
        }
        if long > MAX_PIXELS {
            return Err("The image has too many pixels (maximum is 2,048 each way)");
        }
        if long > short * MAX_RATIO {
            return Err("The image is too narrow: one side may have eight times the pixels of the other");
        }
        let side = |pixels: usize| u16::try_from(pixels).unwrap_or(u16::MAX);
        let hash = Sha256::digest(&bytes)[..16].iter().map(|byte| format!("{byte:02x}")).collect();
        let logo = Logo { hash, kind, width: side(size.width), height: side(size.height) };
        Ok(LogoFile { logo, bytes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ICON: &[u8] = include_bytes!("../../../static/icon-192.png");

    #[test]
    fn an_image_is_known_by_its_header() {
        let LogoFile { logo, bytes } = LogoFile::read(ICON.to_vec()).expect("a PNG");
        assert_eq!((logo.kind, logo.width, logo.height, bytes), (Kind::Png, 192, 192, ICON.to_vec()));
        assert!(logo.is_icon() && logo.width_at(24) == 24 && logo.file_name().ends_with(".png"));
        // The size stands in the bytes 16 to 23 of a PNG.
        let sized = |width: u32, height: u32| {
            let mut bytes = ICON.to_vec();
            bytes[16..20].copy_from_slice(&width.to_be_bytes());
            bytes[20..24].copy_from_slice(&height.to_be_bytes());
            LogoFile::read(bytes).map(|file| (file.logo.width_at(24), file.logo.is_icon()))
        };
        assert_eq!(sized(2_048, 256), Ok((192, false)));
        assert!(sized(2_049, 1_024).is_err() && sized(900, 100).is_err() && sized(0, 0).is_err());
    }

    #[test]
    fn other_files_are_none() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
        for bytes in [&b""[..], b"GIF89a", svg, &ICON[..12], b"\x89PNG\r\n\x1a\n<script>"] {
            assert!(LogoFile::read(bytes.to_vec()).is_err(), "{bytes:?}");
        }
        for bytes in
            [&ICON[..ICON.len() - 1], &[ICON, b"<script>"].concat(), &[ICON, &vec![0; MAX_BYTES]].concat()]
        {
            assert!(LogoFile::read(bytes.to_vec()).is_err());
        }
    }

    #[test]
    fn a_kind_has_its_ending() {
        for kind in [Kind::Png, Kind::Webp, Kind::Jpeg] {
            assert_eq!(Kind::of(kind.ending()), Some(kind));
        }
        assert_eq!(Kind::of("svg"), None);
    }
}
