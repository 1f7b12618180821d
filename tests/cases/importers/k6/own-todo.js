import http from 'k6/http';
import grpc from 'k6/net/grpc';
import redis from 'k6/experimental/redis';
import { sign } from './missing.js';

const client = new grpc.Client();
client.load(['definitions'], 'hello.proto');

export default function () {
  client.connect('grpc.example:443', { plaintext: true });
  client.invoke('hello.HelloService/SayHello', { greeting: 'Bert' });
  http.get('http://api.example/before');
  http.get(`http://api.example/signed?by=${sign('me')}`);
  http.get('http://api.example/after');
}
