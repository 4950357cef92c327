//! The criterion that a server goes on after an accept that has failed.

mod blocking;
mod calm;
mod exhausted;
mod injected;
mod long_sleep;
mod looks;
mod naps;
mod patience;
mod phantom;

use super::service::Service;
use crate::check_context::CheckContext;
use crate::check_error::CheckError;

/// After accept has failed with EINTR, ECONNABORTED or EMFILE (accept(2), ERRORS), the server
/// serves the next client. A server whose listener is in non-blocking mode goes on after EAGAIN,
/// too.
///
/// The errors are injected first. Then the server really runs out of descriptors while clients
/// connect, and gets them back: meanwhile it does not end, serves the clients that it has, uses
/// little processor time and takes no -1 for a client. It may reject the clients that come
/// meanwhile, or serve them later. It runs out of descriptors twice (once, if it has
/// children), and no client leaves.
///
/// A server that serves several clients in one process lets no client in whose descriptor is in blocking
/// mode.
pub(crate) fn accept_again(
    context: &CheckContext<'_>,
    service: &Service,
) -> Result<(), CheckError> {
    let injected = injected::accept_fails(context, service);
    if let Err(CheckError::Inconclusive(_)) = injected {
        // The machine refuses to inject faults. Descriptors can be used up all the same.
        exhausted::no_descriptors(context, service)?;
        return injected;
    }
    injected?;
    exhausted::no_descriptors(context, service)
}
