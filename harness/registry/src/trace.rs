//! The trace: every request in the order in which it arrived.

use ocipick_records::HttpRequest;
use std::{
    collections::VecDeque,
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// The requests of one namespace, or those of none.
///
/// The lock is held for the time of a push or of an assignment, and by nobody who waits.
#[derive(Debug)]
pub(super) struct Trace {
    began: Instant,
    /// How many requests to keep; the oldest give way. Everything where absent.
    keep: Option<NonZeroUsize>,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    /// How many requests came before the first of `requests`.
    gone: usize,
    requests: VecDeque<HttpRequest>,
}

/// What is known of a request when it arrives.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) user_agent: Option<String>,
    pub(super) accept: Option<String>,
    pub(super) range: Option<String>,
}

/// The place of one request in its trace, to be filled in as it is answered.
#[derive(Debug)]
pub(super) struct TraceSlot {
    trace: Arc<Trace>,
    number: usize,
}

impl Trace {
    /// Begins an empty trace now; with `keep`, only that many of the latest requests stay.
    pub(super) fn begin(keep: Option<NonZeroUsize>) -> Arc<Self> {
        Arc::new(Self {
            began: Instant::now(),
            keep,
            log: Mutex::default(),
        })
    }

    /// Writes down a request that has arrived. Until it is answered its status is 0.
    pub(super) fn arrived(self: &Arc<Self>, arrival: Arrival) -> TraceSlot {
        let Arrival {
            method,
            path,
            user_agent,
            accept,
            range,
        } = arrival;
        let mut log = self.log();
        // The time is taken under the lock, so that times never run against the order.
        let at_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let number = log.gone + log.requests.len();
        log.requests.push_back(HttpRequest {
            method,
            path,
            status: 0,
            bytes: 0,
            at_ms,
            user_agent,
            accept,
            range,
        });
        if self
            .keep
            .is_some_and(|keep| log.requests.len() > keep.get())
        {
            log.requests.pop_front();
            log.gone += 1;
        }
        TraceSlot {
            trace: Arc::clone(self),
            number,
        }
    }

    /// What has been written down so far, in order of arrival.
    pub(super) fn snapshot(&self) -> Vec<HttpRequest> {
        self.log().requests.iter().cloned().collect()
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        // Every change under the lock is complete in itself, so a panic elsewhere spoils nothing.
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TraceSlot {
    /// Notes the status, just before it is sent.
    pub(super) fn answered(&self, status: u16) {
        self.change(|request| request.status = status);
    }

    /// Notes that this many more bytes of body were sent.
    pub(super) fn sent(&self, bytes: usize) {
        self.change(|request| request.bytes = request.bytes.saturating_add(bytes as u64));
    }

    fn change(&self, change: impl FnOnce(&mut HttpRequest)) {
        let mut log = self.trace.log();
        // Absent where it gave way to later requests.
        let request = self
            .number
            .checked_sub(log.gone)
            .and_then(|at| log.requests.get_mut(at));
        if let Some(request) = request {
            change(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(path: &str) -> Arrival {
        Arrival {
            method: "GET".to_owned(),
            path: path.to_owned(),
            user_agent: None,
            accept: None,
            range: None,
        }
    }

    #[test]
    fn order_is_of_arrival_and_not_of_answers() {
        let trace = Trace::begin(None);
        let first = trace.arrived(arrival("/1"));
        let second = trace.arrived(arrival("/2"));
        second.answered(404);
        second.sent(3);
        second.sent(4);
        let seen: Vec<_> = trace
            .snapshot()
            .into_iter()
            .map(|r| (r.path, r.status, r.bytes))
            .collect();
        assert_eq!(seen, [("/1".to_owned(), 0, 0), ("/2".to_owned(), 404, 7)]);
        first.answered(200);
        assert_eq!(trace.snapshot()[0].status, 200);
    }

    #[test]
    fn a_bounded_trace_keeps_the_latest() {
        let trace = Trace::begin(NonZeroUsize::new(2));
        let places: Vec<_> = ["/1", "/2", "/3"]
            .map(|path| trace.arrived(arrival(path)))
            .into();
        for (place, status) in places.iter().zip([201, 202, 203]) {
            place.answered(status);
        }
        let seen: Vec<_> = trace
            .snapshot()
            .into_iter()
            .map(|r| (r.path, r.status))
            .collect();
        assert_eq!(seen, [("/2".to_owned(), 202), ("/3".to_owned(), 203)]);
    }
}
