//! Whether an SPDX licence expression is satisfied by a list of allowed licences.

/// True when the allowed licences are enough: one side of an `OR`, both sides of an `AND`.
pub(crate) fn holds(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Reader {
        words: &words,
        allowed,
    };
    let holds = reader.alternatives();
    holds == Some(true) && reader.words.is_empty()
}

/// Reads from the left; `None` is an expression that is no SPDX.
struct Reader<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl Reader<'_> {
    fn alternatives(&mut self) -> Option<bool> {
        let mut holds = self.conditions()?;
        while self.take("OR") {
            holds |= self.conditions()?;
        }
        Some(holds)
    }

    fn conditions(&mut self) -> Option<bool> {
        let mut holds = self.licence()?;
        while self.take("AND") {
            holds &= self.licence()?;
        }
        Some(holds)
    }

    fn licence(&mut self) -> Option<bool> {
        if self.take("(") {
            let holds = self.alternatives()?;
            return self.take(")").then_some(holds);
        }
        let mut name = self.next()?;
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.next()?);
        }
        Some(self.allowed.contains(&name))
    }

    fn take(&mut self, word: &str) -> bool {
        let taken = self.words.first() == Some(&word);
        self.words = &self.words[usize::from(taken)..];
        taken
    }

    fn next(&mut self) -> Option<String> {
        let (first, rest) = self.words.split_first()?;
        self.words = rest;
        Some((*first).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: bool) {
        let allowed =
            ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "ISC"].map(str::to_owned);
        assert_eq!(holds(expression, &allowed), expected, "{expression}");
    }

    #[test]
    fn expressions_are_read_as_spdx_means_them() {
        check("MIT", true);
        check("GPL-3.0-only", false);
        check("GPL-3.0-only OR MIT", true);
        check("GPL-3.0-only/MIT", true);
        check("MIT AND GPL-3.0-only", false);
        check("MIT AND ISC OR GPL-3.0-only", true);
        check("(MIT OR GPL-3.0-only) AND ISC", true);
        check("(MIT OR ISC) AND GPL-3.0-only", false);
        check("Apache-2.0 WITH LLVM-exception", true);
        check("MIT WITH LLVM-exception", false);
    }

    #[test]
    fn what_is_no_expression_does_not_hold() {
        check("", false);
        check("MIT OR", false);
        check("(MIT", false);
        check("MIT ISC", false);
    }
}
