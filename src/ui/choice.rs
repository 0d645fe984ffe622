//! Choices between a few values, as radio buttons.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::web::form::Errors;

/// A radio button.
#[derive(Clone, Copy)]
pub struct Choice {
    value: &'static str,
    label: &'static str,
    is_chosen: bool,
}

impl Choice {
    /// A button with its value and label.
    #[must_use]
    pub fn new(value: &'static str, label: &'static str, is_chosen: bool) -> Choice {
        Choice { value, label, is_chosen }
    }
}

/// The buttons of a field below their legend.
pub fn choices<'f, const N: usize>(
    name: &'static str,
    legend: &'static str,
    choices: [Choice; N],
    errors: &'f Errors,
) -> impl Render + 'f {
    owned_html! {
        fieldset(class="choices", id=name) {
            legend { : legend }
            @ for Choice { value, label, is_chosen } in choices {
                label { input(type="radio", name=name, value=value, checked?=is_chosen); : " "; : label }
            }
            // In the place where `ui::field` puts the errors of a field.
            @ for sentence in errors.of(name) { p(class="error") { : sentence } }
        }
    }
}
