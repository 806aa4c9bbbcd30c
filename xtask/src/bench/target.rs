//! The numbers that the design asks for, and whether they are met.

mod rows;

pub(crate) use rows::Measured;

/// One number with its two bounds; a lower number is better when `at_least` is above `aim`.
pub(crate) struct Target {
    pub(crate) what: &'static str,
    unit: &'static str,
    pub(crate) measured: f64,
    at_least: f64,
    aim: f64,
}

/// How a number stands to its bounds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Missed,
    Met,
    Aimed,
}

/// What a number must be at least, and what is aimed at.
pub(crate) type Bounds = (f64, f64);

/// A lower number is better when the aim is the lower bound.
pub(crate) fn verdict(measured: f64, (at_least, aim): Bounds) -> Verdict {
    let reaches = |bound: f64| {
        if at_least > aim {
            measured <= bound
        } else {
            measured >= bound
        }
    };
    match (reaches(at_least), reaches(aim)) {
        (_, true) => Verdict::Aimed,
        (true, false) => Verdict::Met,
        (false, false) => Verdict::Missed,
    }
}

impl Target {
    pub(crate) fn verdict(&self) -> Verdict {
        verdict(self.measured, (self.at_least, self.aim))
    }

    /// The two bounds as a reader of the design knows them.
    pub(crate) fn bounds(&self) -> (String, String) {
        (self.shown(self.at_least), self.shown(self.aim))
    }

    /// A share below one is a fraction, as in `1/20`, unless its unit is `×`.
    pub(crate) fn shown(&self, number: f64) -> String {
        match self.unit {
            "" if number < 0.7 => format!("1/{:.1}", 1.0 / number).replace(".0", ""),
            "×" => format!("{number:.2}×"),
            "" => format!("{number:.1}×").replace(".0×", "×"),
            unit => format!("{number:.1} {unit}").replace(".0 ", " "),
        }
    }
}

/// Every target whose sides were measured in this run.
pub(crate) fn targets(measured: &Measured<'_>) -> Vec<Target> {
    let targets = rows::ROWS.iter().filter_map(|row| {
        let (at_least, aim) = row.bounds;
        Some(Target {
            what: row.what,
            unit: row.unit,
            measured: (row.number)(measured)?,
            at_least,
            aim,
        })
    });
    targets.collect()
}

/// Bytes as the millions that people compare.
#[expect(
    clippy::cast_precision_loss,
    reason = "a size of memory fits a float to the byte"
)]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests;
