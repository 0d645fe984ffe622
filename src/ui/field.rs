//! Fields of a form, with their validation errors.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::Text;
use crate::web::form::Errors;

/// A field with its label above it, and its hint and errors below.
#[derive(Clone, Copy)]
pub struct Field<'f> {
    name: &'static str,
    id: &'f str,
    label: &'static str,
    value: &'f str,
    autocomplete: Option<&'static str>,
    autofocus: bool,
    readonly: bool,
    hint: &'static str,
    errors: &'f Errors,
}

impl<'f> Field<'f> {
    /// A field with its name, label, value, and the errors of the whole form.
    #[must_use]
    pub fn new(name: &'static str, label: &'static str, value: &'f str, errors: &'f Errors) -> Field<'f> {
        Field {
            name,
            id: name,
            label,
            value,
            autocomplete: None,
            autofocus: false,
            readonly: false,
            hint: "",
            errors,
        }
    }

    /// Sets the `autocomplete` token (HTML standard, "Autofill").
    #[must_use]
    pub fn autocomplete(self, token: &'static str) -> Field<'f> {
        Field { autocomplete: Some(token), ..self }
    }

    /// Sets the remark below the field.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Field<'f> {
        Field { hint, ..self }
    }

    /// Sets the id, for a page with two fields of the same name.
    #[must_use]
    pub fn id(self, id: &'f str) -> Field<'f> {
        Field { id, ..self }
    }

    /// Gives the field `autofocus`.
    #[must_use]
    pub fn focused(self) -> Field<'f> {
        Field { autofocus: true, ..self }
    }

    /// Lets the reader read and copy the value, but not change it, unless it is wrong.
    #[must_use]
    pub fn readonly(self, readonly: bool) -> Field<'f> {
        Field { readonly: readonly && !self.is_wrong(), ..self }
    }

    /// The errors of its form.
    #[must_use]
    pub fn errors(self) -> &'f Errors {
        self.errors
    }

    /// Its place on the page.
    #[must_use]
    pub fn place(self) -> Place<'f> {
        Place { name: self.name, label: self.label, id: self.id }
    }

    fn is_wrong(&self) -> bool {
        self.errors.of(self.name).next().is_some()
    }

    fn invalid(&self) -> Option<&'static str> {
        self.is_wrong().then_some("true")
    }

    fn described_by(&self) -> Option<String> {
        let hint = (!self.hint.is_empty()).then(|| format!("{}_hint", self.id));
        let errors = self.is_wrong().then(|| format!("{}_errors", self.id));
        let both: Vec<String> = hint.into_iter().chain(errors).collect();
        (!both.is_empty()).then(|| both.join(" "))
    }
}

/// A single-line text field.
pub fn line<'f>(field: Field<'f>) -> impl Render + 'f {
    let input = owned_html! {
        input(
            type="text", id=field.id, name?=(!field.readonly).then_some(field.name), value=field.value, dir="auto",
            autocomplete?=field.autocomplete, readonly?=field.readonly, aria-invalid?=field.invalid(), aria-describedby?=field.described_by()
        );
    };
    around(field, input)
}

/// A password field; the value is never sent back.
pub fn password<'f>(field: Field<'f>) -> impl Render + 'f {
    let input = owned_html! {
        input(
            type="password", id=field.id, name=field.name, autocomplete?=field.autocomplete,
            aria-invalid?=field.invalid(), aria-describedby?=field.described_by()
        );
    };
    around(field, input)
}

/// A multi-line text field.
pub fn area<'f>(field: Field<'f>) -> impl Render + 'f {
    let input = owned_html! {
        textarea(
            id=field.id, name=field.name, dir="auto", autofocus?=field.autofocus,
            aria-invalid?=field.invalid(), aria-describedby?=field.described_by()
        ) {
            // Browsers drop a leading line break.
            : Raw("\n"); : Text(field.value)
        }
    };
    around(field, input)
}

/// The typed text of a form that cannot be accepted, for copying; nothing if it is empty.
pub fn unsent_text(text: &str) -> impl Render + '_ {
    owned_html! {
        @ if !text.is_empty() {
            div(class="field") {
                label(for="typed") { : "What you wrote (copy it to keep it)" }
                textarea(id="typed", dir="auto", readonly) { : Raw("\n"); : Text(text) }
            }
        }
    }
}

fn around<'f>(field: Field<'f>, input: impl Render + 'f) -> impl Render + 'f {
    owned_html! {
        div(class="field") {
            label(for=field.id) { : field.label }
            : &input;
            @ if !field.hint.is_empty() { p(class="hint", id=format_args!("{}_hint", field.id)) { : field.hint } }
            @ if field.is_wrong() {
                div(class="error", id=format_args!("{}_errors", field.id)) {
                    @ for sentence in field.errors.of(field.name) { p { : sentence } }
                }
            }
        }
    }
}

/// The place of a field on the page, to which the list of a form's errors leads.
#[derive(Clone, Copy)]
pub struct Place<'f> {
    /// The name of the field.
    pub name: &'static str,
    /// Its label.
    pub label: &'static str,
    /// The id of its element.
    pub id: &'f str,
}

/// The heading of a form's errors, above it: `2 errors prohibited this post from being saved:`, with links to the
/// fields, where the sentences are. A sentence without a field is in the list itself.
pub fn errors<'e>(errors: &'e Errors, noun: &'static str, fields: &[Place<'e>]) -> impl Render + use<'e> {
    let number = errors.sentences().len();
    let wrong = |field: &&Place| errors.of(field.name).next().is_some();
    let wrong: Vec<Place> = fields.iter().filter(wrong).copied().collect();
    let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
    let others: Vec<&str> = errors.outside(&names).collect();
    owned_html! {
        @ if number > 0 {
            div(class="errors", role="alert") {
                h2 {
                    : number; : Raw(if number == 1 { " error" } else { " errors" });
                    : " prohibited this "; : noun; : " from being saved:";
                }
                ul {
                    @ for sentence in &others { li { : sentence } }
                    @ for field in &wrong { li { a(href=format_args!("#{}", field.id)) { : field.label } } }
                }
            }
        }
    }
}
