const environments = {
  local: { baseUrl: 'http://localhost:8080', timeout: '5s' },
  staging: { baseUrl: 'http://staging.example', timeout: '10s' },
  production: { baseUrl: 'http://rich.example', timeout: '30s' },
};
const name = (__ENV.TEST_ENV || 'production').toLowerCase();
if (!environments[name]) {
  throw new Error(`unknown environment ${name}`);
}
export const config = Object.freeze({ ...environments[name], name });
export const defaultHeaders = { 'Content-Type': 'application/json', 'X-Client': 'k6-suite' };
export default config;
