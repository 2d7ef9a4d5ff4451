//! One connection: reads a head of bounded length in a bounded time, sends one answer, closes.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::head::{HEAD_BYTES_MAX, Head};
use super::page;
use super::router::{CallbackRouter, Reply};

/// How long a request head may take, and how long our answer.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// Answers one request. An error ends this connection and nothing else.
pub(super) async fn converse(mut stream: TcpStream, router: &CallbackRouter) {
    let Ok(Some(bytes)) = timeout(HEAD_TIMEOUT, read_head(&mut stream)).await else { return };
    let reply = match Head::parse(&bytes) {
        Some(head) => router.answer(&head).await,
        None => Reply::BadRequest,
    };
    let answer = page::render(reply);
    let sent = timeout(HEAD_TIMEOUT, async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await
    })
    .await;
    if matches!((reply, sent), (Reply::Done(..), Ok(Ok(())))) {
        router.page_shown();
    }
}

/// Bytes up to the empty line; `None` when it does not come within [`HEAD_BYTES_MAX`].
async fn read_head(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(1024);
    let mut limited = stream.take(HEAD_BYTES_MAX as u64);
    while !bytes.windows(4).any(|window| window == b"\r\n\r\n") {
        if limited.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some(bytes)
}
