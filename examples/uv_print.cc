// On the loop a libuv program has: what comes is printed, and the program ends when all is closed.
#include <uv.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "adapters/uv/socket.h"

using namespace monocoque;

int Fail(const absl::Status& why) {
  std::fprintf(stderr, "%s\n", std::string(why.message()).c_str());
  return 1;
}

int main() {
  int left = 2;
  uv::Socket pull(uv_default_loop(), SocketType::kPull);
  pull.OnMessage([&](const Message& m) {
    std::cout << m.text() << '\n';
    if (--left == 0) pull.Close();
  });
  pull.OnEvent([](const SocketEvent& e) { std::fprintf(stderr, "%s\n", e.ToString().c_str()); });
  auto at = pull.Bind("ipc://*");
  if (!at.ok()) return Fail(at.status());

  uv::Socket push(uv_default_loop(), SocketType::kPush);  // as another program would
  if (auto s = push.Connect(*at); !s.ok()) return Fail(s);
  if (!push.Send("sweep").ok() || !push.Send("paint").ok()) return 1;
  push.Close();

  uv_run(uv_default_loop(), UV_RUN_DEFAULT);  // ends by itself when all is closed
  return left;
}
