#include "adapters/admission.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "adapters/inproc.h"
#include "adapters/waker.h"
#include "adapters/zap.h"
#include "alloc/slice.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "protocol/drive/action.h"
#include "protocol/drive/auth.h"
#include "protocol/drive/endpoint.h"
#include "protocol/drive/host.h"
#include "protocol/drive/ids.h"
#include "protocol/mechanism/zap.h"
#include "protocol/socket/options.h"
#include "protocol/socket/socket.h"
#include "protocol/wire/socket_type.h"
#include "tests/support/pair.h"

namespace monocoque {
namespace {

using ::testing::ElementsAre;

class CountingWaker final : public Waker {
 public:
  void Wake() override { ++calls; }
  int calls = 0;
};

// A socket that asks, and a handler that takes questions and says nothing.
class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest()
      : host_(testing::TestHost()),
        socket_(*Socket::Create(SocketType::kPull, {}, host_)),
        admission_(&socket_, hub_, [this] { return waker_; }) {
    EXPECT_TRUE(
        hub_->Listen(ParseEndpoint(kZapEndpoint)->path, handler_, ListenerId::FromValue(1)).ok());
  }
  bool Ask(std::uint64_t link) {
    auto request = std::make_shared<AuthRequest>();
    request->mechanism = "PLAIN";
    return admission_.Take({LinkId::FromValue(link), std::move(request)});
  }
  // Turns until no question goes on any more; false: they never rest.
  bool Rest() {
    for (int turn = 0; turn < 100; ++turn) {
      if (admission_.Turn(host_.now) == 0) return true;
    }
    return false;
  }
  // The handler's ends of the questions it was asked since.
  std::vector<InprocEnd> Asked() {
    std::vector<InprocEnd> ends;
    for (InprocInbox::Notice& notice : handler_->Take()) ends.push_back(std::move(notice.end));
    return ends;
  }
  // What was said on it so far is read; false: it was withdrawn.
  static bool Open(InprocEnd* end) {
    std::vector<Slice> said;
    return end->Read(&said);
  }

  Host host_;
  const std::shared_ptr<InprocHub> hub_ = std::make_shared<InprocHub>();
  const std::shared_ptr<CountingWaker> waker_ = std::make_shared<CountingWaker>();
  const std::shared_ptr<InprocInbox> handler_ =
      std::make_shared<InprocInbox>(std::make_shared<CountingWaker>());
  Socket socket_;
  Admission admission_;
};

// However many wait for the handler, a turn looks only at those that something happened about.
TEST_F(AdmissionTest, QuestionsThatWaitCostNothing) {
  constexpr std::uint64_t kLinks = 100;
  for (std::uint64_t link = 1; link <= kLinks; ++link) EXPECT_TRUE(Ask(link));
  EXPECT_TRUE(Rest());
  std::vector<InprocEnd> ends = Asked();
  ASSERT_EQ(ends.size(), kLinks);
  for (InprocEnd& end : ends) EXPECT_TRUE(Open(&end));
  for (int turn = 0; turn < 10; ++turn) EXPECT_EQ(admission_.Turn(host_.now), 0u);
  // The handler drops one: this one is looked at, and is over.
  const int before = waker_->calls;
  ends.pop_back();
  EXPECT_EQ(waker_->calls, before + 1) << "the socket hears of it";
  EXPECT_EQ(admission_.Turn(host_.now), 1u);
  EXPECT_TRUE(Rest());
  for (InprocEnd& end : ends) EXPECT_TRUE(Open(&end)) << "the others wait on";
}

// Of a link that is over nobody wants to know any more.
TEST_F(AdmissionTest, AForgottenQuestionIsWithdrawn) {
  EXPECT_TRUE(Ask(1));
  EXPECT_TRUE(Ask(2));
  EXPECT_TRUE(Rest());
  std::vector<InprocEnd> ends = Asked();
  ASSERT_EQ(ends.size(), 2u);
  admission_.Forget(LinkId::FromValue(1));
  EXPECT_FALSE(Open(&ends[0]));
  EXPECT_TRUE(Open(&ends[1]));
}

// Nor is the authenticator asked, and what they said is not kept for it.
TEST_F(AdmissionTest, AQuestionThatLiesOnTheDeskIsForgotten) {
  class Recording final : public Authenticator {
   public:
    void Authenticate(std::shared_ptr<const AuthRequest> request, Reply /*reply*/) override {
      asked.push_back(request->username);
    }
    std::vector<std::string> asked;
  };
  const auto recording = std::make_shared<Recording>();
  admission_.SetAuthenticator(recording);
  constexpr std::uint64_t kLinks = 100;
  std::vector<std::weak_ptr<const AuthRequest>> kept;
  for (std::uint64_t link = 1; link <= kLinks; ++link) {
    auto request = std::make_shared<AuthRequest>();
    request->username = absl::StrCat(link);
    kept.push_back(request);
    EXPECT_TRUE(admission_.Take({LinkId::FromValue(link), std::move(request)}));
  }
  for (std::uint64_t link = 1; link <= kLinks; ++link) {
    if (link != 7 && link != 50) admission_.Forget(LinkId::FromValue(link));
  }
  EXPECT_EQ(std::ranges::count_if(kept, [](const auto& each) { return each.expired(); }), 98);
  EXPECT_TRUE(admission_.waiting());
  while (admission_.ServeOne()) {
  }
  EXPECT_THAT(recording->asked, ElementsAre("7", "50"));
  EXPECT_FALSE(admission_.waiting());
  // One that was asked about is forgotten, too.
  admission_.Forget(LinkId::FromValue(7));
}

TEST_F(AdmissionTest, WithoutAHandlerNobodyIsAsked) {
  hub_->Unlisten(ParseEndpoint(kZapEndpoint)->path);
  EXPECT_FALSE(Ask(1));
}

}  // namespace
}  // namespace monocoque
