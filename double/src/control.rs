//! The double from outside: a place of its own, where who started it gives orders and looks. Nothing of it stands at the
//! workspace's own address.

use std::time::Duration;

use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Double;
use crate::faults::{Fault, Times};
use crate::world::Minting;

/// What is to be done.
#[derive(Debug, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum Order {
    /// A token that somebody made by hand.
    Give {
        token: String,
        who: String,
        life_s: Option<u64>,
    },
    /// Ends one before its time.
    Revoke { token: String },
    /// Something goes wrong from now on.
    Fault {
        fault: Fault,
        #[serde(default)]
        at: String,
        times: Option<u32>,
    },
    /// Nothing does any more.
    Heal,
    /// The clock goes ahead, or back.
    Jump { seconds: i64 },
    /// Somebody made an app.
    App { name: String, creator: String },
    /// A service principal.
    Principal { id: String, secret: String },
    /// Somebody joins a group.
    Join { who: String, group: String },
    /// Whether tokens may be made.
    Minting { minting: Minting },
}

/// Where orders are taken, and what there is is told.
pub fn router(double: Double) -> Router {
    let looked = double.clone();
    let look = async move || Json(told(&looked));
    let order = async move |Json(order): Json<Order>| {
        carry_out(&double, order);
        Json(told(&double))
    };
    Router::new().route("/", get(look).post(order))
}

fn carry_out(double: &Double, order: Order) {
    match order {
        Order::Give { token, who, life_s } => {
            let life = life_s.map(Duration::from_secs);
            double.state().give(&token, &who, life);
        }
        Order::Revoke { token } => double.revoke(&token),
        Order::Fault { fault, at, times } => {
            let times = times.map_or(Times::Always, Times::Count);
            double.fault_at(&at, fault, times);
        }
        Order::Heal => double.heal(),
        Order::Jump { seconds } => double.state().clock.jump(seconds),
        Order::App { name, creator } => {
            double.state().apps.insert(name, creator);
        }
        Order::Principal { id, secret } => double.state().principal(&id, &secret),
        Order::Join { who, group } => double.state().join(&who, &group),
        Order::Minting { minting } => double.state().minting = minting,
    }
}

fn told(double: &Double) -> Value {
    let world = double.state();
    json!({
        "now_ms": world.clock.now_ms(),
        "tokens": world.tokens,
        "minted": world.minted,
        "revoked": world.revoked,
        "strangers": world.strangers,
        "exchanged": world.exchanged,
        "log": world.log,
    })
}
