//! What it costs a page that its server is killed: from the start of another one to the first byte of output
//! that goes on where the old one's had ended.

use std::time::Instant;

use anyhow::ensure;
use bowline_protocol::{ClientId, ServerFrame};

use crate::Sizes;
use crate::server::{Arrangement, Server};
use crate::socket::Socket;
use crate::stats::spread;
use crate::table::Table;

/// Servers killed in a round.
const KILLS: usize = 4;
/// Says something all the time.
const TALKS: &str = "printf ready; while :; do echo word; sleep 0.01; done";

/// Measures it, kill by kill.
pub(crate) async fn measure(sizes: Sizes, table: &mut Table) -> anyhow::Result<()> {
    let mut server = Server::start(50, Arrangement::Keeper).await?;
    let session = server.session(Some(TALKS)).await?;
    let mut times = Vec::new();
    for number in 0..sizes.rounds * KILLS {
        let client = ClientId::from_bytes((number as u128 + 1).to_be_bytes());
        let started = Instant::now();
        server = server.replace().await?;
        let mut socket = Socket::connect(server.address, client, session).await?;
        loop {
            let framed = socket.next().await?;
            if let ServerFrame::Output { .. } = framed.frame {
                ensure!(!framed.payload.is_empty(), "output holds bytes");
                break;
            }
        }
        times.push(started.elapsed());
    }
    server.stop().await?;
    let spread = spread(times);
    table.alone(
        "server killed and started again to the first resumed byte, p50 / p99",
        format!("{:.0} / {:.0} ms", spread.p50, spread.p99),
    );
    Ok(())
}
