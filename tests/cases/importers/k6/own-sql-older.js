import { check } from 'k6';
import http from 'k6/http';
import sql from 'k6/x/sql';

const shop = sql.open('mysql', 'app:s3/cr@t@tcp(127.0.0.1:3306)/shop?parseTime=true&charset=utf8mb4');
const local = sql.open('sqlite3', './local.db');
const other = sql.open('sqlserver', 'sqlserver://sa:secret@127.0.0.1:1433');

export default function () {
  const reply = http.get('http://127.0.0.1:8080/orders/7');
  const rows = sql.query(shop, 'SELECT name FROM customers WHERE id = ?;', reply.json('customer'));
  if (rows.length > 0) {
    local.exec("INSERT OR REPLACE INTO seen (name) VALUES (?)", rows[0].name);
  }
  other.exec('SELECT 1');
}
