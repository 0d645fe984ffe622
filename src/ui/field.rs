//! Fields of a form, and what is wrong with them.

use horrorshow::owned_html;
use horrorshow::prelude::*;

use crate::html::text::Text;
use crate::web::form::Errors;

/// One field: its label above it, what is wrong with it below.
#[derive(Clone, Copy)]
pub struct Field<'f> {
    name: &'static str,
    id: &'f str,
    label: &'static str,
    label_class: Option<&'static str>,
    value: &'f str,
    autocomplete: Option<&'static str>,
    autofocus: bool,
    hint: &'static str,
    errors: &'f Errors,
}

impl<'f> Field<'f> {
    /// A field sent under `name`, with what stands in it and what is wrong with the whole form.
    #[must_use]
    pub fn new(name: &'static str, label: &'static str, value: &'f str, errors: &'f Errors) -> Field<'f> {
        Field {
            name,
            id: name,
            label,
            label_class: None,
            value,
            autocomplete: None,
            autofocus: false,
            hint: "",
            errors,
        }
    }

    /// What browsers and password managers fill it with: a token of the HTML standard's "autofill".
    #[must_use]
    pub fn autocomplete(self, token: &'static str) -> Field<'f> {
        Field { autocomplete: Some(token), ..self }
    }

    /// A remark below it.
    #[must_use]
    pub fn hint(self, hint: &'static str) -> Field<'f> {
        Field { hint, ..self }
    }

    /// Its id, where another form on the page has a field of the same name.
    #[must_use]
    pub fn id(self, id: &'f str) -> Field<'f> {
        Field { id, ..self }
    }

    /// It has the focus as soon as it is there.
    #[must_use]
    pub fn focused(self) -> Field<'f> {
        Field { autofocus: true, ..self }
    }

    /// Its label is only heard: what it is for is to be seen.
    #[must_use]
    pub fn label_hidden(self) -> Field<'f> {
        Field { label_class: Some("visually-hidden"), ..self }
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

/// A line of text.
pub fn line<'f>(field: Field<'f>) -> impl Render + 'f {
    let input = owned_html! {
        input(
            type="text", id=field.id, name=field.name, value=field.value, autocomplete?=field.autocomplete,
            aria-invalid?=field.invalid(), aria-describedby?=field.described_by()
        );
    };
    around(field, input)
}

/// A password: what was typed never comes back.
pub fn password<'f>(field: Field<'f>) -> impl Render + 'f {
    let input = owned_html! {
        input(
            type="password", id=field.id, name=field.name, autocomplete?=field.autocomplete,
            aria-invalid?=field.invalid(), aria-describedby?=field.described_by()
        );
    };
    around(field, input)
}

/// Text of many lines.
pub fn area<'f>(field: Field<'f>) -> impl Render + 'f {
    let input = owned_html! {
        textarea(
            id=field.id, name=field.name, autofocus?=field.autofocus,
            aria-invalid?=field.invalid(), aria-describedby?=field.described_by()
        ) {
            // A browser drops a line break that comes first, so there is one to be dropped.
            : Raw("\n"); : Text(field.value)
        }
    };
    around(field, input)
}

/// A text that was typed and cannot be sent, if there is one.
pub fn unsent_text(text: &str) -> impl Render + '_ {
    owned_html! {
        @ if !text.is_empty() {
            div(class="field") {
                label(for="typed") { : "What you wrote (copy it to keep it)" }
                textarea(id="typed", readonly) { : Raw("\n"); : Text(text) }
            }
        }
    }
}

fn around<'f>(field: Field<'f>, input: impl Render + 'f) -> impl Render + 'f {
    owned_html! {
        div(class="field") {
            label(for=field.id, class?=field.label_class) { : field.label }
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

/// What is wrong with the whole form, above it: `2 errors prohibited this post from being saved:`.
pub fn errors<'e>(errors: &'e Errors, noun: &'static str) -> impl Render + 'e {
    let number = errors.sentences().len();
    owned_html! {
        @ if !errors.is_empty() {
            div(class="errors", role="alert") {
                h2 {
                    : number; : Raw(if number == 1 { " error" } else { " errors" });
                    : " prohibited this "; : noun; : " from being saved:";
                }
                ul { @ for sentence in errors.sentences() { li { : sentence } } }
            }
        }
    }
}
