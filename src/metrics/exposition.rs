//! Prometheus' text-based exposition format, version 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).

use std::fmt::Write;

use super::Histogram;

/// The media type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Labels of a sample: names and values.
pub type Labels<'l> = [(&'l str, &'l str)];

/// The type of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricType {
    /// A number that only grows, from 0 at the start of the program.
    Counter,
    /// A number that rises and falls.
    Gauge,
    /// Counts by bucket, and a sum: a [`Histogram`].
    Histogram,
}

/// Metrics in the exposition format, written one after the other.
#[derive(Default)]
pub struct Exposition {
    text: String,
    /// The name of the metric that was begun last.
    name: &'static str,
}

impl Exposition {
    /// Begins a metric. All its samples must follow before the next metric begins. `help` is a sentence for
    /// people.
    pub fn metric(&mut self, name: &'static str, metric_type: MetricType, help: &str) -> &mut Exposition {
        let metric_type = match metric_type {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
            MetricType::Histogram => "histogram",
        };
        self.name = name;
        self.push(format_args!("# HELP {name} "));
        escape(&mut self.text, help, false);
        self.push(format_args!("\n# TYPE {name} {metric_type}\n"));
        self
    }

    /// Writes a metric that has one sample, without labels.
    pub fn single(&mut self, name: &'static str, metric_type: MetricType, help: &str, value: f64) {
        self.metric(name, metric_type, help).sample(&[], value);
    }

    /// Writes a sample of the metric that was begun last.
    pub fn sample(&mut self, labels: &Labels, value: f64) {
        self.line("", labels, None, value);
    }

    /// Writes the samples of a histogram for the metric that was begun last. The values of the histogram are
    /// divided by `scale`: 1e9 makes seconds of nanoseconds.
    pub fn histogram<const N: usize>(&mut self, labels: &Labels, histogram: &Histogram<N>, scale: f64) {
        let mut count = 0;
        for (bound, cumulative) in histogram.cumulative_buckets() {
            self.line("_bucket", labels, Some(bound as f64 / scale), cumulative as f64);
            count = cumulative;
        }
        count += histogram.above_last_bound();
        self.line("_bucket", labels, Some(f64::INFINITY), count as f64);
        self.line("_sum", labels, None, histogram.sum() as f64 / scale);
        self.line("_count", labels, None, count as f64);
    }

    /// The whole exposition.
    #[must_use]
    pub fn into_string(self) -> String {
        self.text
    }

    fn line(&mut self, suffix: &str, labels: &Labels, bound: Option<f64>, value: f64) {
        let name = self.name;
        self.push(format_args!("{name}{suffix}"));
        let mut separator = '{';
        for (name, value) in labels {
            self.push(format_args!("{separator}{name}=\""));
            escape(&mut self.text, value, true);
            self.text.push('"');
            separator = ',';
        }
        if let Some(bound) = bound {
            self.push(format_args!("{separator}le=\"{}\"", Number(bound)));
            separator = ',';
        }
        let end = if separator == ',' { "}" } else { "" };
        self.push(format_args!("{end} {}\n", Number(value)));
    }

    fn push(&mut self, arguments: std::fmt::Arguments) {
        // Writing to a String does not fail.
        let _ = self.text.write_fmt(arguments);
    }
}

/// A number as Go parses it: infinity is `+Inf`.
struct Number(f64);

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        if self.0 == f64::INFINITY { f.write_str("+Inf") } else { self.0.fmt(f) }
    }
}

/// Escapes a backslash and a line feed, and in a label's value (`is_quoted`) the double quote too.
fn escape(escaped: &mut String, text: &str, is_quoted: bool) {
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '"' if is_quoted => escaped.push_str("\\\""),
            letter => escaped.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_has_help_type_and_samples() {
        let mut exposition = Exposition::default();
        exposition.single("up", MetricType::Gauge, "Whether \"it\"\nis \\ up.", 1.0);
        exposition
            .metric("asked_total", MetricType::Counter, "Questions.")
            .sample(&[("by", "a\\b\"c\nd")], 3.0);
        exposition.sample(&[("by", "é"), ("when", "")], 0.5);
        assert_eq!(
            exposition.into_string(),
            "# HELP up Whether \"it\"\\nis \\\\ up.\n# TYPE up gauge\nup 1\n\
             # HELP asked_total Questions.\n# TYPE asked_total counter\n\
             asked_total{by=\"a\\\\b\\\"c\\nd\"} 3\nasked_total{by=\"é\",when=\"\"} 0.5\n"
        );
    }

    #[test]
    fn a_histogram_is_scaled() {
        static BOUNDS: [u64; 2] = [250_000, 10_000_000_000];
        let histogram = Histogram::new(&BOUNDS);
        for nanoseconds in [1, 250_000, 250_001, 10_000_000_001] {
            histogram.observe(nanoseconds);
        }
        let mut exposition = Exposition::default();
        exposition.metric("took_seconds", MetricType::Histogram, "Times.");
        exposition.histogram(&[("route", "/")], &histogram, 1e9);
        let lines: Vec<String> = exposition.into_string().lines().skip(2).map(str::to_owned).collect();
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
