//! Prometheus' text format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::fmt::Write;

use super::Histogram;

/// What the format calls itself.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Labels of a value, with what they are.
pub type Labels<'l> = [(&'l str, &'l str)];

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It only grows, from 0 when the program starts.
    Counter,
    /// It goes up and down.
    Gauge,
    /// A [`Histogram`].
    Histogram,
}

/// Metrics, written one after the other.
#[derive(Default)]
pub struct Text {
    written: String,
    /// Of the metric that is being written.
    name: &'static str,
}

impl Text {
    /// Begins a metric: all its values follow, before the next one begins. `help` says in a sentence what it is.
    pub fn metric(&mut self, name: &'static str, kind: Kind, help: &str) -> &mut Text {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        self.name = name;
        self.push(format_args!("# HELP {name} "));
        escape(&mut self.written, help, false);
        self.push(format_args!("\n# TYPE {name} {kind}\n"));
        self
    }

    /// A metric with one value.
    pub fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: f64) {
        self.metric(name, kind, help).value(&[], value);
    }

    /// A value of the metric that was begun last.
    pub fn value(&mut self, labels: &Labels, value: f64) {
        self.line("", labels, None, value);
    }

    /// The same of a histogram, of whose numbers so many are a unit.
    pub fn histogram<const N: usize>(&mut self, labels: &Labels, histogram: &Histogram<N>, a_unit: f64) {
        let mut count = 0;
        for (bound, up_to_here) in histogram.cumulative_buckets() {
            self.line("_bucket", labels, Some(bound as f64 / a_unit), up_to_here as f64);
            count = up_to_here;
        }
        count += histogram.above_last_bound();
        self.line("_bucket", labels, Some(f64::INFINITY), count as f64);
        self.line("_sum", labels, None, histogram.sum() as f64 / a_unit);
        self.line("_count", labels, None, count as f64);
    }

    /// All of it.
    #[must_use]
    pub fn into_string(self) -> String {
        self.written
    }

    fn line(&mut self, suffix: &str, labels: &Labels, bound: Option<f64>, value: f64) {
        let name = self.name;
        self.push(format_args!("{name}{suffix}"));
        let mut separator = '{';
        for (name, content) in labels {
            self.push(format_args!("{separator}{name}=\""));
            escape(&mut self.written, content, true);
            self.written.push('"');
            separator = ',';
        }
        if let Some(bound) = bound {
            self.push(format_args!("{separator}le=\"{}\"", Number(bound)));
            separator = ',';
        }
        let end = if separator == ',' { "}" } else { "" };
        self.push(format_args!("{end} {}\n", Number(value)));
    }

    fn push(&mut self, what: std::fmt::Arguments) {
        // Writing to memory does not fail.
        let _ = self.written.write_fmt(what);
    }
}

/// As Go reads it.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        if self.0 == f64::INFINITY { f.write_str("+Inf") } else { self.0.fmt(f) }
    }
}

/// In a help a backslash and a line's end are escaped, in a label's content also a quotation mark.
fn escape(written: &mut String, text: &str, is_quoted: bool) {
    for letter in text.chars() {
        match letter {
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '"' if is_quoted => written.push_str("\\\""),
            letter => written.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_has_its_help_its_type_and_its_values() {
        let mut text = Text::default();
        text.single("up", Kind::Gauge, "Whether \"it\"\nis \\ up.", 1.0);
        text.metric("asked_total", Kind::Counter, "Questions.").value(&[("by", "a\\b\"c\nd")], 3.0);
        text.value(&[("by", "é"), ("when", "")], 0.5);
        assert_eq!(
            text.into_string(),
            "# HELP up Whether \"it\"\\nis \\\\ up.\n# TYPE up gauge\nup 1\n\
             # HELP asked_total Questions.\n# TYPE asked_total counter\n\
             asked_total{by=\"a\\\\b\\\"c\\nd\"} 3\nasked_total{by=\"é\",when=\"\"} 0.5\n"
        );
    }

    #[test]
    fn a_histogram_is_told_in_units() {
        static BOUNDS: [u64; 2] = [250_000, 10_000_000_000];
        let histogram = Histogram::new(&BOUNDS);
        for nanoseconds in [1, 250_000, 250_001, 10_000_000_001] {
            histogram.observe(nanoseconds);
        }
        let mut text = Text::default();
        text.metric("took_seconds", Kind::Histogram, "Times.");
        text.histogram(&[("route", "/")], &histogram, 1e9);
        let lines: Vec<String> = text.into_string().lines().skip(2).map(str::to_owned).collect();
        assert_eq!(
            lines,
            [
                "took_seconds_bucket{route=\"/\",le=\"0.00025\"} 2",
                "took_seconds_bucket{route=\"/\",le=\"10\"} 3",
                "took_seconds_bucket{route=\"/\",le=\"+Inf\"} 4",
                "took_seconds_sum{route=\"/\"} 10.000500003",
                "took_seconds_count{route=\"/\"} 4",
            ]
        );
    }
}
