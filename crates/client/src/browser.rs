//! Starting the system's browser (OAuth 2.1 §8.2): no embedded one, no shell between, checked addresses only.

use crate::error::Error;
use crate::url::BrowserUrl;

/// Opens an address in the person's own browser. On success a launcher was started; whether a window appears is not
/// known, so callers print the address too.
pub async fn open(url: &BrowserUrl) -> Result<(), Error> {
    let address = url.as_str().to_owned();
    let launched = tokio::task::spawn_blocking(move || open::that_detached(address)).await;
    launched.map_err(|_| Error::Interrupted)?.map_err(Error::BrowserUnavailable)
}
