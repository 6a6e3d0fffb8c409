use super::{InvalidPattern, Origin, OriginPattern};

/// The origins that requests may come from and redirects may lead to: that of the base URL, and those
/// configured.
#[derive(Clone, Debug)]
pub struct TrustedOrigins {
    base: Origin,
    patterns: Vec<OriginPattern>,
}

impl TrustedOrigins {
    /// Parses the configured patterns; the first bad one is the error.
    pub fn new(base: &Origin, patterns: &[String]) -> Result<Self, InvalidPattern> {
        let patterns = patterns
            .iter()
            .map(|pattern| OriginPattern::parse(pattern))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            base: base.clone(),
            patterns,
        })
    }

    /// Whether the origin is one of them.
    #[must_use]
    pub fn trusts(&self, origin: &Origin) -> bool {
        *origin == self.base || self.patterns.iter().any(|pattern| pattern.matches(origin))
    }

    /// Whether the value of an `Origin` or `Referer` header names one of them. `null` never does.
    #[must_use]
    pub fn trusts_header(&self, value: &str) -> bool {
        Origin::from_header(value).is_ok_and(|origin| self.trusts(&origin))
    }

    /// The origin of the base URL.
    #[must_use]
    pub const fn base(&self) -> &Origin {
        &self.base
    }
}
