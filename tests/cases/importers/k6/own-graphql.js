import http from 'k6/http';
import { Trend, Counter, Rate } from 'k6/metrics';

const duration = new Trend('order_duration', true);
const errors = new Counter('errors');
const rate = new Rate('order_rate');

const accessToken = 'abc123';
const query = `
  query FindFirstIssue {
    repository(owner:"grafana", name:"k6") {
      issues(first:1) { edges { node { id number title } } }
    }
  }`;

const headers = {
  Authorization: `Bearer ${accessToken}`,
  'Content-Type': 'application/json',
};

export default function () {
  const res = http.post('http://graph.example/graphql', JSON.stringify({ query: query }), { headers: headers });
  duration.add(res.timings.duration);
  rate.add(res.status === 200);
  if (res.status === 200) {
    const body = JSON.parse(res.body);
    const issue = body.data.repository.issues.edges[0].node;
    const mutation = `mutation { addReaction(input:{subjectId:"${issue.id}",content:HOORAY}) { reaction { content } } }`;
    http.post('http://graph.example/graphql', JSON.stringify({ query: mutation }), { headers });
  } else {
    errors.add(1);
  }
}
