use std::fmt;

use prometheus_client::encoding::DescriptorEncoder;
use prometheus_client::encoding::NoLabelSet;
use prometheus_client::metrics::MetricType;

use super::catalogue::{Family, Kind};
use super::histogram::Buckets;

pub use prometheus_client::encoding::prometheus_text::CONTENT_TYPE;

/// The values of the labels of a series, in the order of [`Family::labels`].
type Values<'a> = &'a [&'a str];

/// Writes families as the catalogue declares them.
pub(super) struct Exposition<'a>(pub(super) DescriptorEncoder<'a>);

impl Exposition<'_> {
    /// Shows a counter, with a number for each series.
    pub(super) fn counter<'v>(
        &mut self,
        family: &Family,
        series: impl Iterator<Item = (Vec<&'v str>, u64)>,
    ) -> fmt::Result {
        // The library adds what the name of a counter ends in.
        let name = family.name.strip_suffix("_total").unwrap_or(family.name);
        let mut encoder = self
            .0
            .encode_descriptor(name, family.about, None, MetricType::Counter)?;
        for (values, number) in series {
            let labels = labels(family, &values);
            let mut series = encoder.encode_family(&labels)?;
            series.encode_counter::<NoLabelSet, u64, f64>(&number, None)?;
        }
        Ok(())
    }

    /// Shows a gauge, with a number for each series.
    pub(super) fn gauge<'v>(
        &mut self,
        family: &Family,
        series: impl Iterator<Item = (Vec<&'v str>, f64)>,
    ) -> fmt::Result {
        let mut encoder = self
            .0
            .encode_descriptor(family.name, family.about, None, MetricType::Gauge)?;
        for (values, number) in series {
            let labels = labels(family, &values);
            encoder.encode_family(&labels)?.encode_gauge(&number)?;
        }
        Ok(())
    }

    /// Shows a histogram for each series.
    pub(super) fn histogram<'v>(
        &mut self,
        family: &Family,
        series: impl Iterator<Item = (Vec<&'v str>, Buckets)>,
    ) -> fmt::Result {
        let mut encoder = self
            .0
            .encode_descriptor(family.name, family.about, None, MetricType::Histogram)?;
        for (
            values,
            Buckets {
                counts,
                seconds,
                total,
            },
        ) in series
        {
            let labels = labels(family, &values);
            let mut series = encoder.encode_family(&labels)?;
            series.encode_histogram::<NoLabelSet>(seconds, total, &counts, None)?;
        }
        Ok(())
    }

    /// Shows a counter or gauge of one series.
    pub(super) fn one(&mut self, family: &Family, number: u64) -> fmt::Result {
        if family.kind == Kind::Counter {
            self.counter(family, [(Vec::new(), number)].into_iter())
        } else {
            self.number(family, float(number))
        }
    }

    /// The same of a number that need not be whole.
    pub(super) fn number(&mut self, family: &Family, number: f64) -> fmt::Result {
        self.gauge(family, [(Vec::new(), number)].into_iter())
    }
}

fn labels<'a>(family: &Family, values: Values<'a>) -> Vec<(&'static str, &'a str)> {
    let names = family.labels.iter().map(|label| label.name);
    names.zip(values.iter().copied()).collect()
}

/// As the format has numbers.
#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
pub(super) const fn float(number: u64) -> f64 {
    number as f64
}
