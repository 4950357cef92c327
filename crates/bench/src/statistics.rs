//! Medians and ratios of runs.

use crate::report::{Figures, Row};

/// The median: the middle value, or the mean of the two middle values. `None` if there are no
/// values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() % 2 {
        1 => Some(values[middle]),
        _ => Some((values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0),
    }
}

/// The median of each figure over a server's runs.
pub(crate) fn medians(runs: &[Figures]) -> Figures {
    let of = |figure: fn(&Figures) -> Option<f64>| median(runs.iter().filter_map(figure));
    Figures {
        per_second: of(|run| run.per_second),
        round_trip_us: of(|run| run.round_trip_us),
        cpu_ns: of(|run| run.cpu_ns),
        bytes: of(|run| run.bytes),
    }
}

/// The row of a case. The server's run and the reference's run with the same index were made one
/// after the other.
///
/// The row's ratio is the median of the ratios of these pairs of runs. If the machine becomes
/// slower, it slows down both runs of a pair. Therefore the ratio of the pair hardly changes.
pub(crate) fn row(
    case: impl Into<String>,
    server: &[Figures],
    reference: &[Figures],
    limit: Option<f64>,
) -> Row {
    let pairs = server.iter().zip(reference);
    let ratios = pairs.filter_map(|(server, reference)| Some(cost(server)? / cost(reference)?));
    Row {
        case: case.into(),
        server: medians(server),
        reference: (!reference.is_empty()).then(|| medians(reference)),
        ratio: median(ratios),
        limit,
    }
}

/// The cost of a case for a server: the memory if memory was measured, and otherwise the CPU time.
fn cost(figures: &Figures) -> Option<f64> {
    figures.bytes.or(figures.cpu_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cpu(nanoseconds: f64) -> Figures {
        Figures { cpu_ns: Some(nanoseconds), ..Figures::default() }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([7.0]), Some(7.0));
        assert_eq!(median([9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([9.0, 1.0, 2.0, 4.0]), Some(3.0));
    }

    #[test]
    fn one_disturbed_run_does_not_change_the_median() {
        let row = row("GET", &[cpu(50.0), cpu(9000.0), cpu(50.0)], &[cpu(100.0); 3], Some(1.0));
        assert_eq!(row.server.cpu_ns, Some(50.0));
        assert_eq!(row.ratio, Some(0.5));
    }

    #[test]
    fn the_ratio_does_not_depend_on_the_machines_speed() {
        let server = [cpu(10.0), cpu(20.0), cpu(40.0)];
        let reference = [cpu(20.0), cpu(40.0), cpu(80.0)];
        assert_eq!(row("GET", &server, &reference, None).ratio, Some(0.5));
    }

    #[test]
    fn without_a_reference_there_is_no_ratio() {
        let row = row("GET", &[cpu(10.0)], &[], Some(1.0));
        assert!(row.reference.is_none() && row.ratio.is_none());
    }

    #[test]
    fn memory_takes_precedence_over_cpu_time() {
        let memory = |bytes| Figures { bytes: Some(bytes), ..cpu(1.0) };
        assert_eq!(row("memory", &[memory(25.0)], &[memory(100.0)], None).ratio, Some(0.25));
    }
}
