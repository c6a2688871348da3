#include "adapters/auth/curve_key_store.h"

#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "protocol/drive/auth.h"
#include "tests/support/security.h"

namespace monocoque {
namespace {

using ::monocoque::testing::CountedKeys;

AuthVerdict Ask(CurveKeyStore* store, std::string mechanism, std::string key) {
  auto request = std::make_shared<AuthRequest>();
  request->mechanism = std::move(mechanism);
  request->client_key = std::move(key);
  AuthVerdict got;
  store->Authenticate(request, [&](const AuthVerdict& verdict) { got = verdict; });
  return got;
}

std::string Octets(const PublicKey& key) { return std::string(key.begin(), key.end()); }

// V-5, Z-8: the key that was proven decides, and nothing else.
TEST(CurveKeyStoreTest, KnownKeysComeIn) {
  CurveKeyStore store;
  const std::string ada = Octets(CountedKeys(0).public_key);
  EXPECT_EQ(Ask(&store, "CURVE", ada).status, AuthStatus::kRefused);
  store.Allow(CountedKeys(0).public_key, "ada");
  store.Allow(CountedKeys(1).public_key, "bob");
  store.Allow(CountedKeys(1).public_key, "bobby");
  EXPECT_EQ(store.size(), 2u);
  EXPECT_EQ(Ask(&store, "CURVE", ada).status, AuthStatus::kAccepted);
  EXPECT_EQ(Ask(&store, "CURVE", ada).user_id, "ada");
  EXPECT_EQ(Ask(&store, "CURVE", Octets(CountedKeys(1).public_key)).user_id, "bobby");
  for (const std::string& other :
       {Octets(CountedKeys(2).public_key), ada.substr(1), ada + ada, std::string()}) {
    const AuthVerdict verdict = Ask(&store, "CURVE", other);
    EXPECT_EQ(verdict.status, AuthStatus::kRefused);
    EXPECT_EQ(verdict.user_id, "");
  }
  EXPECT_EQ(Ask(&store, "PLAIN", ada).status, AuthStatus::kRefused);
  EXPECT_EQ(Ask(&store, "NULL", "").status, AuthStatus::kRefused);
}

}  // namespace
}  // namespace monocoque
