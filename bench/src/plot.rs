//! SVG plots by the number of clients. Lines have labels at their ends; the background is white, so that a plot is
//! readable on a dark page too.

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::format::grouped;

/// A line. Each point is a number of clients and a value, both above 0; the points are in ascending order.
pub struct Line {
    pub name: String,
    pub points: Vec<(f64, f64)>,
}

/// Lines with common axes.
pub struct Panel {
    pub title: String,
    pub lines: Vec<Line>,
}

/// Ten colours that are dark enough for thin lines on white and differ from each other.
const COLOURS: [RGBColor; 10] = [
    RGBColor(0x1f, 0x5f, 0xa8),
    RGBColor(0xc9, 0x5d, 0x00),
    RGBColor(0x1e, 0x7d, 0x32),
    RGBColor(0xb7, 0x1c, 0x1c),
    RGBColor(0x6a, 0x3d, 0xa8),
    RGBColor(0x7a, 0x4a, 0x2b),
    RGBColor(0xc2, 0x2f, 0x86),
    RGBColor(0x55, 0x55, 0x55),
    RGBColor(0x80, 0x7a, 0x00),
    RGBColor(0x00, 0x7f, 0x8a),
];
const FONT: &str = "sans-serif";
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const GRID: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
/// Pixels between the middles of two labels, one above the other.
const LABEL_GAP: f64 = 16.0;
/// Pixels on the right for labels at the ends of many lines.
const LABEL_MARGIN: i32 = 140;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws one panel with a linear axis of values from 0.
pub fn chart(path: &str, panel: &Panel) -> Result<()> {
    let root = SVGBackend::new(path, (880, 460)).into_drawing_area();
    root.fill(&WHITE)?;
    draw(&root, panel, Scale::Linear)?;
    root.present()?;
    Ok(())
}

/// Draws panels in two columns, with equal logarithmic axes.
pub fn panels(path: &str, panels: &[Panel]) -> Result<()> {
    let rows = panels.len().div_ceil(2);
    let root = SVGBackend::new(path, (880, 240 * rows as u32)).into_drawing_area();
    root.fill(&WHITE)?;
    let points = panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let (low, high) = decades(points.map(|(_, value)| *value));
    for (area, panel) in root.split_evenly((rows, 2)).iter().zip(panels) {
        draw(area, panel, Scale::Logarithmic(low, high))?;
    }
    root.present()?;
    Ok(())
}

/// The axis of values.
#[derive(Clone, Copy)]
enum Scale {
    Linear,
    /// From one power of ten to another.
    Logarithmic(f64, f64),
}

fn draw(area: &Area, panel: &Panel, scale: Scale) -> Result<()> {
    let levels: Vec<f64> = panel
        .lines
        .iter()
        .max_by_key(|line| line.points.len())
        .map_or_else(Vec::new, |line| line.points.iter().map(|(clients, _)| *clients).collect());
    let (first, last) = (levels.first().copied().unwrap_or(1.0), levels.last().copied().unwrap_or(2.0));
    let clients = (first..last.max(first * 2.0)).log_scale().with_key_points(levels);
    let mut builder = ChartBuilder::on(area);
    builder.caption(&panel.title, (FONT, 19, FontStyle::Bold, &INK)).margin(8);
    builder.margin_right(if panel.lines.len() > 3 { LABEL_MARGIN } else { 60 });
    builder.x_label_area_size(36).y_label_area_size(56);
    match scale {
        Scale::Linear => {
            let values = panel.lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
            let values = 0.0..axis_end(values.fold(0.0, f64::max));
            draw_lines(area, &mut builder.build_cartesian_2d(clients, values)?, panel)
        }
        Scale::Logarithmic(low, high) => {
            let powers = std::iter::successors(Some(low), |power| Some(power * 10.0));
            let points = powers.take_while(|power| *power <= high * 1.01).collect();
            let values = (low..high).log_scale().with_key_points(points);
            draw_lines(area, &mut builder.build_cartesian_2d(clients, values)?, panel)
        }
    }
}

type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;

/// Draws the grid, the lines and their labels.
fn draw_lines<X, Y>(area: &Area, chart: &mut Chart<X, Y>, panel: &Panel) -> Result<()>
where
    X: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + plotters::coord::ranged1d::ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .x_desc("clients")
        .axis_style(INK)
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style((FONT, 15, &INK))
        .axis_desc_style((FONT, 15, &INK))
        .x_label_formatter(&|clients| format!("{clients:.0}"))
        .y_label_formatter(&|value| axis_label(*value))
        .draw()?;
    let colours = || panel.lines.iter().zip(COLOURS.iter().cycle());
    let mut ends = Vec::new();
    for (line, colour) in colours() {
        chart.draw_series(LineSeries::new(line.points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(line.points.iter().map(|&point| Circle::new(point, 2, colour.filled())))?;
        ends.push(line.points.last().map(|point| chart.backend_coord(point)));
    }
    let (left, top) = area.get_base_pixel();
    let wanted: Vec<f64> = ends.iter().map(|end| end.map_or(0.0, |(_, y)| f64::from(y))).collect();
    for (((line, colour), end), y) in colours().zip(&ends).zip(spread(&wanted, LABEL_GAP)) {
        let Some((x, _)) = end else { continue };
        let style = (FONT, 15).into_font().color(colour).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(line.name.as_str(), (x - left + 8, y.round() as i32 - top), style))?;
    }
    Ok(())
}

fn axis_label(value: f64) -> String {
    if value >= 1.0 { grouped(value) } else { value.to_string() }
}

/// The end of a linear axis: the next multiple of half a power of ten that is not below `maximum`.
fn axis_end(maximum: f64) -> f64 {
    if maximum <= 0.0 {
        return 1.0;
    }
    let half = 10_f64.powf(maximum.log10().floor()) / 2.0;
    (maximum / half).ceil() * half
}

/// The powers of ten that enclose all values.
fn decades(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) =
        values.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), value| (low.min(value), high.max(value)));
    let (low, high) = if low > high { (1.0, 10.0) } else { (low, high) };
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    (10_f64.powi(first), 10_f64.powi(last.max(first + 1)))
}

/// Positions as close to `wanted` as possible with `gap` between neighbours. Positions that are too close move apart
/// around their middle.
fn spread(wanted: &[f64], gap: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&one, &other| wanted[one].total_cmp(&wanted[other]));
    // Groups of neighbours that touch: their indexes, and the best position of the first of them.
    let mut groups: Vec<(Vec<usize>, f64)> = Vec::new();
    for index in order {
        let (mut members, mut first) = (vec![index], wanted[index]);
        while let Some((above, above_first)) =
            groups.pop_if(|(above, above_first)| *above_first + gap * above.len() as f64 > first)
        {
            // The best position of the first member is the mean of the positions that the members want it at.
            let (a, b) = (above.len() as f64, members.len() as f64);
            first = (above_first * a + (first - gap * a) * b) / (a + b);
            members = above.into_iter().chain(members).collect();
        }
        groups.push((members, first));
    }
    let mut positions = vec![0.0; wanted.len()];
    for (members, first) in groups {
        for (number, index) in members.into_iter().enumerate() {
            positions[index] = first + gap * number as f64;
        }
    }
    positions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_above_all_values() {
        assert_eq!([11_700.0, 6.0, 6.1, 850.0, 0.0].map(axis_end), [15_000.0, 6.0, 6.5, 850.0, 1.0]);
    }

    #[test]
    fn decades_enclose_all_values() {
        assert_eq!(decades([0.2, 3.0, 155.0].into_iter()), (0.1, 1000.0));
        assert_eq!(decades([1.0].into_iter()), (1.0, 10.0));
        assert_eq!(decades(std::iter::empty()), (1.0, 10.0));
    }

    #[test]
    fn labels_that_are_too_close_move_apart_around_their_middle() {
        assert_eq!(spread(&[10.0, 100.0], 15.0), [10.0, 100.0]);
        assert_eq!(spread(&[50.0, 50.0], 10.0), [45.0, 55.0]);
        assert_eq!(spread(&[60.0, 50.0, 10.0], 20.0), [65.0, 45.0, 10.0]);
        // The third pushes the first two, which have already moved apart.
        assert_eq!(spread(&[0.0, 0.0, 6.0], 10.0), [-8.0, 2.0, 12.0]);
    }

    #[test]
    fn a_plot_names_its_lines_and_numbers_of_clients() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plot.svg").to_string_lossy().into_owned();
        let line = |name: &str, top: f64| Line {
            name: name.to_owned(),
            points: vec![(1.0, 10.0), (16.0, 80.0), (256.0, top)],
        };
        // A line without points, as of a percentile for which there were too few answers.
        let empty = Line { name: "three".to_owned(), points: Vec::new() };
        let lines = vec![empty, line("one", 90.0), line("two", 95.0)];
        let panel = Panel { title: "A title".to_owned(), lines };
        chart(&path, &panel).expect("it is drawn");
        let linear = std::fs::read_to_string(&path).expect("it is written");
        panels(&path, &[panel]).expect("it is drawn");
        let logarithmic = std::fs::read_to_string(&path).expect("it is written");
        for svg in [linear, logarithmic] {
            let texts: Vec<&str> = svg.lines().map(str::trim).collect();
            for text in ["A title", "one", "two", "1", "16", "256"] {
                assert!(texts.contains(&text), "{text} is missing: {svg}");
            }
            assert!(!svg.contains("<script") && !texts.contains(&"three"));
        }
    }
}
