//! Figures, their goals, and the table they end up in.

use std::io::Write as _;
use std::time::{Duration, Instant};

use crate::Result;

/// What a figure should be.
#[derive(Clone, Copy)]
pub enum Goal {
    /// At least so much.
    AtLeast(f64),
    /// At most so much.
    AtMost(f64),
    /// Nothing was promised; the figure explains another.
    None,
}

/// One line of the table.
struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    goal: Goal,
}

/// Everything measured so far.
pub struct Report {
    begun: Instant,
    notes: Vec<String>,
    figures: Vec<Figure>,
}

impl Default for Report {
    fn default() -> Self {
        Self { begun: Instant::now(), notes: Vec::new(), figures: Vec::new() }
    }
}

impl Report {
    /// Adds a figure.
    pub fn figure(&mut self, name: impl Into<String>, value: f64, unit: &'static str, goal: Goal) {
        self.figures.push(Figure { name: name.into(), value, unit, goal });
    }

    /// Adds a sentence that stands above the table.
    pub fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    /// Says what is being measured, for whoever waits.
    pub fn progress(&self, text: &str) -> Result<()> {
        writeln!(std::io::stderr().lock(), "[{:>5.1} s] {text}", self.begun.elapsed().as_secs_f64())?;
        Ok(())
    }

    /// Prints the table.
    ///
    /// # Errors
    /// If a figure is no number, or standard output is closed.
    pub fn print(&self) -> Result<()> {
        let mut out = std::io::stdout().lock();
        writeln!(out)?;
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        let width = self.figures.iter().map(|figure| figure.name.chars().count()).max().unwrap_or(0).max(8);
        writeln!(out, "\n| {:<width$} | {:>16} | {:>12} | verdict |", "measured", "figure", "goal")?;
        writeln!(out, "|-{:-<width$}-|-{:->16}:|-{:->12}:|---------|", "", "", "")?;
        for Figure { name, value, unit, goal } in &self.figures {
            if !value.is_finite() {
                return Err(format!("{name} could not be measured: {value}").into());
            }
            let shown = format!("{} {unit}", number(*value));
            let (goal, verdict) = match *goal {
                Goal::AtLeast(least) => (format!(">= {}", number(least)), said(*value >= least)),
                Goal::AtMost(most) => (format!("<= {}", number(most)), said(*value <= most)),
                Goal::None => (String::new(), ""),
            };
            writeln!(out, "| {name:<width$} | {:>16} | {goal:>12} | {verdict:<7} |", shown.trim_end())?;
        }
        writeln!(out, "\nmeasured in {:.0} s", self.begun.elapsed().as_secs_f64())?;
        Ok(())
    }
}

fn said(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn number(value: f64) -> String {
    if value >= 1000.0 {
        format!("{value:.0}")
    } else if value >= 100.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// Tells on standard error why there is no table.
pub fn complain(error: &dyn std::error::Error) {
    let mut out = std::io::stderr().lock();
    // With standard error closed there is nobody to tell.
    let _closed = writeln!(out, "the measurement failed: {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        let _closed = writeln!(out, "  because: {cause}");
        source = cause.source();
    }
}

/// How long things took, sorted.
pub struct Times(Vec<Duration>);

impl Times {
    /// Sorts.
    ///
    /// # Errors
    /// If there are none.
    pub fn new(mut times: Vec<Duration>) -> Result<Self> {
        if times.is_empty() {
            return Err("nothing was timed".into());
        }
        times.sort_unstable();
        Ok(Self(times))
    }

    /// The quantile `q` of 0 to 1, in milliseconds: the nearest rank, nothing interpolated.
    pub fn quantile(&self, q: f64) -> f64 {
        let rank = (q * self.0.len() as f64).ceil() as usize;
        let index = rank.clamp(1, self.0.len()) - 1;
        self.0.get(index).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
    }

    /// The longest, in milliseconds.
    pub fn longest(&self) -> f64 {
        self.quantile(1.0)
    }
}

/// The middle of several rounds; of an even number the lower one.
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied().unwrap_or(f64::NAN)
}
