//! A response header.

use std::borrow::Cow;

/// The name and the value of a response header.
pub type Header = (Cow<'static, str>, Cow<'static, str>);
