//! How many requests there were, and how long they took.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::Error;
use actix_web::dev::ServiceResponse;
use actix_web::http::Method;

/// Counts requests. It is asked for every request, and MUST neither block nor allocate.
pub(crate) trait RequestMeter: Send + Sync {
    /// A request begins.
    fn begin(&self);

    /// The place of the route of this pattern; none if it is not served.
    fn place(&self, pattern: &str) -> Option<usize>;

    /// A request that began has ended: with a status, or it was given up before it was answered.
    fn end(&self, place: Option<usize>, method: &str, status: Option<u16>, took: Duration);
}

/// The measurement of a request, if somebody wants to know. Dropped without an [end](Self::end), the request was given up.
pub(crate) struct Measurement(Option<Running>);

struct Running {
    meter: Arc<dyn RequestMeter>,
    begun: Instant,
    method: Method,
    place: Option<usize>,
    status: Option<u16>,
}

impl Measurement {
    pub(crate) fn begin(meter: Option<&Arc<dyn RequestMeter>>, method: &Method) -> Self {
        Self(meter.map(|meter| {
            meter.begin();
            Running {
                meter: meter.clone(),
                begun: Instant::now(),
                method: method.clone(),
                place: None,
                status: None,
            }
        }))
    }

    /// The request is for the route of this pattern.
    pub(crate) fn is_for(&mut self, pattern: &str) {
        if let Some(running) = &mut self.0 {
            running.place = running.meter.place(pattern);
        }
    }

    /// The request was answered.
    pub(crate) fn end<B>(mut self, outcome: &Result<ServiceResponse<B>, Error>) {
        if let Some(running) = &mut self.0 {
            let status = match outcome {
                Ok(response) => response.status(),
                Err(error) => error.as_response_error().status_code(),
            };
            running.status = Some(status.as_u16());
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        self.meter
            .end(self.place, self.method.as_str(), self.status, took);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use actix_web::HttpResponse;
    use actix_web::test::TestRequest;

    use super::*;

    /// Place, method and status of a request.
    type Note = (Option<usize>, String, Option<u16>);

    /// Keeps what it is told.
    #[derive(Default)]
    struct Notes(Mutex<Vec<Note>>);

    impl RequestMeter for Notes {
        fn begin(&self) {}

        fn place(&self, pattern: &str) -> Option<usize> {
            (pattern == "/known/{id}").then_some(7)
        }

        fn end(&self, place: Option<usize>, method: &str, status: Option<u16>, _: Duration) {
            self.0.lock().unwrap().push((place, method.to_owned(), status));
        }
    }

    fn measured(pattern: &str, answer: impl FnOnce(Measurement)) -> Note {
        let notes = Arc::new(Notes::default());
        let meter: Arc<dyn RequestMeter> = notes.clone();
        let mut measurement = Measurement::begin(Some(&meter), &Method::POST);
        measurement.is_for(pattern);
        answer(measurement);
        let mut notes = notes.0.lock().unwrap();
        assert_eq!(notes.len(), 1, "a request is counted once");
        notes.remove(0)
    }

    fn response() -> ServiceResponse {
        TestRequest::default()
            .to_srv_request()
            .into_response(HttpResponse::Created().finish())
    }

    #[test]
    fn a_request_is_counted_with_its_route_and_status() {
        let post = || "POST".to_owned();
        let created = measured("/known/{id}", |it| it.end(&Ok(response())));
        assert_eq!(created, (Some(7), post(), Some(201)));
        let failed = measured("/unknown", |it| {
            let error = actix_web::error::ErrorServiceUnavailable("busy");
            it.end::<actix_web::body::BoxBody>(&Err(error));
        });
        assert_eq!(failed, (None, post(), Some(503)));
    }

    #[test]
    fn a_request_that_is_given_up_is_counted_without_a_status() {
        assert_eq!(measured("/known/{id}", drop), (Some(7), "POST".to_owned(), None));
    }
}
