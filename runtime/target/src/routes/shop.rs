//! Routes of a small shop: what a plan with a login, a token and a form of data talks to.

use serde_json::{Value, json};

use super::{Call, auth};
use crate::reply::Reply;
use crate::shop::Account;

/// Longest user, tenant or item name, in bytes.
const MAX_NAME: usize = 256;

pub(super) fn login(call: &Call<'_>, reply: &mut Reply) {
    let Some(body) = object(call, reply) else { return };
    let Some(user) = name(&body, "user", reply) else { return };
    let Some(tenant) = name(&body, "tenant", reply) else { return };
    let account = Account { user: user.to_owned(), tenant: tenant.to_owned() };
    let token = call.shop.token(&account);
    reply.json(200, &json!({"data": {"token": token, "user": user, "tenant": tenant}}));
}

pub(super) fn list(call: &Call<'_>, reply: &mut Reply) {
    let Some(account) = account(call, reply) else { return };
    let orders = call.shop.newest();
    reply.json(200, &json!({"tenant": account.tenant, "count": orders.len(), "orders": orders}));
}

pub(super) fn one(call: &Call<'_>, reply: &mut Reply) {
    let Some(_) = account(call, reply) else { return };
    let Some(id) = call.number(u64::MAX, reply) else { return };
    match call.shop.order(id) {
        Some(order) => reply.json(200, &order),
        None => reply.error(404, &format!("there is no order {id}")),
    }
}

pub(super) fn create(call: &Call<'_>, reply: &mut Reply) {
    let Some(account) = account(call, reply) else { return };
    let Some(body) = object(call, reply) else { return };
    let Some(item) = name(&body, "item", reply) else { return };
    let quantity = match body.get("quantity") {
        None => Some(1),
        Some(quantity) => quantity.as_u64().filter(|quantity| (1..=1_000_000).contains(quantity)),
    };
    let Some(quantity) = quantity else {
        return reply.error(422, "`quantity` must be a whole number from 1 to 1000000");
    };
    let (id, order) = call.shop.create(item, quantity, &account.user);
    reply.header("Location", &format!("/orders/{id}"));
    reply.json(201, &order);
}

/// Who asks, by the token of the request; answers 401 when that was not issued here.
fn account(call: &Call<'_>, reply: &mut Reply) -> Option<Account> {
    let Some(token) = auth::token(call.request) else {
        auth::ask_for_token(reply, "a bearer token is needed; POST /login issues one");
        return None;
    };
    let account = call.shop.account(token);
    if account.is_none() {
        auth::ask_for_token(reply, "this server did not issue that token; POST /login does");
    }
    account
}

fn object(call: &Call<'_>, reply: &mut Reply) -> Option<Value> {
    let body = serde_json::from_slice::<Value>(call.request.body).ok().filter(Value::is_object);
    if body.is_none() {
        reply.error(400, "the body must be a JSON object");
    }
    body
}

fn name<'a>(body: &'a Value, field: &str, reply: &mut Reply) -> Option<&'a str> {
    let text = body.get(field).and_then(Value::as_str);
    let fits = |text: &&str| (1..=MAX_NAME).contains(&text.len());
    let text = text.filter(fits).filter(|text| !text.contains(char::is_control));
    if text.is_none() {
        reply.error(422, &format!("`{field}` must be a line of text of 1 to {MAX_NAME} bytes"));
    }
    text
}
