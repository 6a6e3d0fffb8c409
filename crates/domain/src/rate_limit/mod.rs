//! How often something may be asked for: requests of a client within a window, and attempts that nobody may repeat without
//! end.

mod budget;
mod window;

pub use budget::{Budget, BudgetKey, BudgetKind, BudgetRepository, Delays, PeriodStart, Spending, Spent};
pub use window::{Decision, LONGEST_WINDOW, RateLimiter, RequestLimit, Requests, whole_seconds};

#[cfg(any(test, feature = "mocks"))]
pub use budget::MockBudgetRepository;
#[cfg(any(test, feature = "mocks"))]
pub use window::MockRateLimiter;
