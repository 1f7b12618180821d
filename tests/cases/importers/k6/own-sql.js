import { check, sleep } from 'k6';
import sql from 'k6/x/sql';
import driver from 'k6/x/sql/driver/postgres';

const db = sql.open(driver, `postgres://app:${__ENV.DB_PASSWORD}@${__ENV.DB_PLACE}/shop?sslmode=disable`);

export const options = { scenarios: { all: { executor: 'per-vu-iterations', vus: 2, iterations: 3 } } };

export function setup() {
  db.exec(`CREATE TABLE IF NOT EXISTS orders (
    id SERIAL PRIMARY KEY,
    customer VARCHAR(40) NOT NULL,
    total NUMERIC(8, 2)
  );`);
}

export default function () {
  const customer = `customer ${__VU}`;
  const result = db.exec('INSERT INTO orders (customer, total) VALUES ($1, $2)', customer, 12.5);
  check(result, { 'one row': (r) => r.rowsAffected() == 1 });
  const rows = db.query('SELECT id, total FROM orders WHERE customer = $1 ORDER BY id DESC', customer);
  check(rows, {
    'some rows': (r) => r.length >= 1,
    'the total': (r) => r[0].total == '12.50',
  });
  const id = rows[0].id;
  db.exec('UPDATE orders SET total = total + 1 WHERE id = $1', id);
  for (const row of rows) {
    sql.query(db, 'SELECT customer FROM orders WHERE id = $1', row.id);
  }
  sleep(0.01);
}

export function teardown() {
  db.exec('DELETE FROM orders WHERE customer LIKE $1', 'nobody%');
  db.close();
}
