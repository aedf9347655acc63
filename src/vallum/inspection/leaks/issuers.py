"""The shapes of keys and tokens, by the issuers that made them recognisable.

Facts that the issuers publish: a fixed beginning (or a mark inside), an alphabet, a length.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Issuer(NamedTuple):
    """One issuer's keys and tokens."""

    rule: str
    words: str
    trigger: str
    """For the scan of every answer: no case is looked at."""
    form: str
    """The exact form."""
    is_bare: bool = False
    """It is letters and digits alone: nothing tells it from a piece of Base64 but its ends."""


_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_CLOUDS: Final = (
    Issuer(
        "alibaba",
        "an access key of Alibaba Cloud",
        r"\bLTAI[a-z0-9]{12}",
        r"LTAI[A-Za-z0-9]{12,20}",
        is_bare=True,
    ),
    Issuer(
        "amazon-login",
        "a client secret of Login with Amazon",
        r"amzn1\.oa2-cs\.v1\.",
        r"amzn1\.oa2-cs\.v1\.[0-9a-f]{64}",
    ),
    Issuer(
        "amazon-mws",
        "a key of Amazon's marketplace",
        r"amzn\.mws\.[0-9a-f]{8}-",
        rf"amzn\.mws\.{_UUID}",
    ),
    Issuer(
        "aws-bedrock",
        "a key of AWS Bedrock",
        r"\bABSK[a-z0-9+/]{40}",
        r"ABSK[A-Za-z0-9+/]{100,270}={0,2}",
    ),
    Issuer(
        "azure-client",
        "a client secret of Entra ID",
        r"[0-9]Q~[a-z0-9_~.-]{31}",
        r"[\w~.-]{3}[0-9]Q~[\w~.-]{31,34}",
    ),
    Issuer(
        "azure-ai",
        "a key of Azure's services",
        r"JQQJ99[a-z0-9]{16}",
        r"[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}",
        is_bare=True,
    ),
    Issuer(
        "azure-key",
        "a key of Azure that carries its service's mark",
        r"(?:AzSe|AzFu|AzCa|AIoT|APIM|ACDb|\+(?:ASt|ABa|AMC|ASb|AEh|ARm|ACR))[a-z0-9+/_-]{6}",
        r"[A-Za-z0-9/+]{76}(?:APIM|ACDb|\+(?:ABa|AMC|ASt))[A-Za-z0-9/+]{5}[AQgw]=="
        r"|[A-Za-z0-9/+]{33}(?:AIoT|AzCa|\+(?:ASb|AEh|ARm))[A-P][A-Za-z0-9/+]{5}="
        r"|[\w-]{44}AzFu[\w-]{5}[AQgw]==|[A-Za-z0-9/+]{42}(?:AzSe|\+ACR)[A-D][A-Za-z0-9/+]{5}",
        is_bare=True,
    ),
    Issuer(
        "cloudflare-ca",
        "an origin CA key of Cloudflare",
        r"\bv1\.0-[0-9a-f]{24}-",
        r"v1\.0-[0-9a-f]{24}-[0-9a-f]{146}",
    ),
    Issuer(
        "digitalocean",
        "a token of DigitalOcean",
        r"do[opr]_v1_[a-f0-9]{8}",
        r"do[opr]_v1_[a-f0-9]{64}",
    ),
    Issuer(
        "fly",
        "a token of Fly.io",
        r"FlyV1 fm[12]|\bfo1_[a-z0-9_-]{43}",
        r"FlyV1 fm[12]r?_[\w+/=,-]{60,}|fo1_[\w-]{43}",
    ),
    Issuer("google", "a client secret of Google", r"GOCSPX-[a-z0-9_-]{8}", r"GOCSPX-[\w-]{20,60}"),
    Issuer(
        "google-push",
        "a server key of Firebase",
        r"\bAAAA[a-z0-9_-]{7}:APA91b",
        r"AAAA[\w-]{7}:APA91b[\w-]{130,150}",
    ),
    Issuer(
        "heroku", "a key of Heroku", r"\bHRKU-[a-z0-9_-]{12}", rf"HRKU-(?:{_UUID}|AA[\w-]{{58}})"
    ),
    Issuer("neon", "a key of Neon", r"\bnapi_[a-z0-9]{12}", r"napi_[a-z0-9]{64}"),
    Issuer(
        "netlify",
        "a token of Netlify",
        r"\bnf[bcopu]_[a-z0-9]{36}",
        r"nf[bcopu]_[A-Za-z0-9]{36,40}",
    ),
    Issuer(
        "planetscale",
        "a password or token of PlanetScale",
        r"pscale_(?:tkn|pw|oauth)_",
        r"pscale_(?:tkn|pw|oauth)_[\w.-]{32,64}",
    ),
    Issuer("render", "a key of Render", r"\brnd_[a-z0-9]{26}", r"rnd_[A-Za-z0-9]{26,36}"),
    Issuer(
        "supabase",
        "a token or secret key of Supabase",
        r"\bsbp_[0-9a-f]{40}|sb_secret_[a-z0-9_-]{12}",
        r"sbp_(?:v0_)?[0-9a-f]{40}|sb_secret_[\w-]{31}",
    ),
    Issuer(
        "tailscale",
        "a key of Tailscale",
        r"\btskey-[a-z]{3,7}-[a-z0-9]",
        r"tskey-[a-z]{3,7}-[A-Za-z0-9]{8,20}-[A-Za-z0-9]{20,40}",
    ),
    Issuer(
        "tencent",
        "an access key of Tencent Cloud",
        r"\bAKID[a-z0-9]{32}",
        r"AKID[A-Za-z0-9]{32}",
        is_bare=True,
    ),
    Issuer(
        "vercel",
        "a token of Vercel's stores",
        r"vercel_blob_rw_",
        r"vercel_blob_rw_[A-Za-z0-9]{16}_[A-Za-z0-9]{30}",
    ),
    Issuer(
        "yandex",
        "a key of Yandex Cloud",
        r"\bAQVN[a-z0-9_-]{35}",
        r"AQVN[\w-]{35,38}",
        is_bare=True,
    ),
)
_CODE: Final = (
    Issuer(
        "artifactory",
        "a key of Artifactory",
        r"\bAKCp[a-z0-9]{20}|\bcmVmdGtu[a-z0-9]{20}",
        r"AKCp[A-Za-z0-9]{69}|cmVmdGtu[A-Za-z0-9]{56}",
        is_bare=True,
    ),
    Issuer(
        "atlassian",
        "a token of Atlassian or Bitbucket",
        r"\bAT[AC]TT3xFf[a-z0-9]|\bATBB[a-z0-9]{32}",
        r"AT[AC]TT3xFf[\w=-]{80,250}|ATBB[A-Za-z0-9]{24}[0-9A-F]{8}",
        is_bare=True,
    ),
    Issuer(
        "buildkite",
        "a token of Buildkite",
        r"\bbk(?:aa|ct|ua)_[0-9a-f]{12}",
        r"bk(?:aa|ct|ua)_[0-9a-f]{40}",
    ),
    Issuer(
        "circleci",
        "a token of CircleCI",
        r"CCIP(?:AT|RJ)_[a-z0-9]{12}",
        r"CCIP(?:AT|RJ)_[A-Za-z0-9]{22}_[0-9a-f]{40}",
    ),
    Issuer("clojars", "a token of Clojars", r"CLOJARS_[0-9a-f]{12}", r"CLOJARS_[0-9a-f]{60}"),
    Issuer(
        "crates",
        "a token of crates.io",
        r"\bcio[a-z0-9]{32}\b",
        r"cio[A-Za-z0-9]{32}",
        is_bare=True,
    ),
    Issuer(
        "databricks",
        "a token of Databricks",
        r"\bdapi[0-9a-f]{32}",
        r"dapi[0-9a-f]{32}(?:-[0-9])?",
        is_bare=True,
    ),
    Issuer("docker", "a token of Docker Hub", r"dckr_[op]at_", r"dckr_[op]at_[\w-]{27,40}"),
    Issuer(
        "doppler",
        "a token of Doppler",
        r"\bdp\.(?:pt|ct|st|sa|scim|audit)\.[a-z0-9_-]",
        r"dp\.(?:pt|ct|st|sa|scim|audit)\.(?:[\w-]{1,35}\.)?[A-Za-z0-9]{40,44}",
    ),
    Issuer("figma", "a token of Figma", r"\bfigd_[a-z0-9_-]{12}", r"figd_[\w-]{36,60}"),
    Issuer(
        "github", "a token of GitHub", r"gh[pousr]_[a-z0-9]{12}", r"gh[pousr]_[A-Za-z0-9]{36,251}"
    ),
    Issuer(
        "github-pat",
        "a fine-grained token of GitHub",
        r"github_pat_[a-z0-9_]{8}",
        r"github_pat_[A-Za-z0-9_]{50,250}",
    ),
    Issuer(
        "gitlab",
        "a token of GitLab",
        r"gl(?:pat|rtr?|dt|ft|soat|ptt|agent|oas|cbt|imt|ffct|wt)-[a-z0-9_-]{12}|GR1348941[a-z0-9]",
        r"gl(?:pat|rtr?|dt|ft|soat|ptt|agent|oas|cbt|imt|ffct|wt)-[\w.-]{20,320}"
        r"|GR1348941[\w-]{20}",
    ),
    Issuer("infracost", "a key of Infracost", r"\bico-[a-z0-9]{32}\b", r"ico-[A-Za-z0-9]{32}"),
    Issuer(
        "npm",
        "a token of npm",
        r"npm_[a-z0-9]{12}|:_authToken=",
        r"npm_[A-Za-z0-9]{36}|:_authToken=[\w+/=-]{16,200}",
    ),
    Issuer("nuget", "a key of NuGet", r"\boy2[a-z0-9]{43}\b", r"oy2[a-z0-9]{43}", is_bare=True),
    Issuer(
        "packagist",
        "a token of Packagist",
        r"packagist_[a-z]{3}_[0-9a-f]{12}",
        r"packagist_[a-z]{3}_[0-9a-f]{60,80}",
    ),
    Issuer(
        "postman", "a key of Postman", r"\bPMAK-[0-9a-f]{24}-", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"
    ),
    Issuer("prefect", "a key of Prefect", r"\bpn[bu]_[a-z0-9]{36}\b", r"pn[bu]_[A-Za-z0-9]{36}"),
    Issuer("pulumi", "a token of Pulumi", r"\bpul-[0-9a-f]{40}\b", r"pul-[0-9a-f]{40}"),
    Issuer("pypi", "a token of PyPI", r"pypi-AgE[a-z0-9_-]{8}", r"pypi-AgE[\w-]{50,250}"),
    Issuer("rubygems", "a key of RubyGems", r"rubygems_[0-9a-f]{12}", r"rubygems_[0-9a-f]{48}"),
    Issuer(
        "snyk", "a token of Snyk", r"snyk_[su]at\.", r"snyk_[su]at\.[0-9a-f]{8}\.[\w.-]{40,200}"
    ),
    Issuer("sonar", "a token of SonarQube", r"\bsq[apu]_[0-9a-f]{40}", r"sq[apu]_[0-9a-f]{40}"),
    Issuer(
        "sourcegraph",
        "a token of Sourcegraph or Segment",
        r"\bsgp_[a-z0-9_]{40}",
        r"sgp_(?:(?:[0-9a-f]{16}|local)_)?[0-9a-f]{40}|sgp_[A-Za-z0-9]{64}",
    ),
    Issuer(
        "terraform",
        "a token of HCP Terraform",
        r"\.atlasv1\.[a-z0-9]",
        r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{60,70}",
    ),
    Issuer(
        "vault", "a token of HashiCorp Vault", r"\bhv[sb]\.[a-z0-9_-]{8}", r"hv[sb]\.[\w-]{24,250}"
    ),
)
_MODELS: Final = (
    Issuer(
        "anthropic",
        "a key of Anthropic",
        r"sk-ant-[a-z0-9]",
        r"sk-ant-[a-z0-9]{3,12}-[\w-]{20,200}",
    ),
    Issuer("cerebras", "a key of Cerebras", r"\bcsk-[a-z0-9]{48}\b", r"csk-[a-z0-9]{48}"),
    Issuer("cursor", "a key of Cursor", r"\bkey_[0-9a-f]{64}\b", r"key_[0-9a-f]{64}"),
    Issuer("e2b", "a key of E2B", r"\be2b_[0-9a-f]{40}", r"e2b_[0-9a-f]{40}"),
    Issuer("elevenlabs", "a key of ElevenLabs", r"\bsk_[0-9a-f]{48}\b", r"sk_[0-9a-f]{48}"),
    Issuer("fireworks", "a key of Fireworks", r"\bfw_[a-z0-9]{22,24}\b", r"fw_[A-Za-z0-9]{22,24}"),
    Issuer("groq", "a key of Groq", r"\bgsk_[a-z0-9]{12}", r"gsk_[A-Za-z0-9]{52}"),
    Issuer(
        "hugging-face",
        "a token of Hugging Face",
        r"\bhf_[a-z]{34}\b|\bapi_org_[a-z]{34}",
        r"(?:hf|api_org)_[A-Za-z]{34}",
    ),
    Issuer("jina", "a key of Jina", r"\bjina_[a-z0-9]{12}", r"jina_[A-Za-z0-9]{60}"),
    Issuer("langfuse", "a secret key of Langfuse", r"\bsk-lf-[0-9a-f]{8}-", rf"sk-lf-{_UUID}"),
    Issuer(
        "langsmith",
        "a key of LangSmith",
        r"\blsv2_(?:pt|sk)_[0-9a-f]{12}",
        r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",
    ),
    Issuer("nvidia", "a key of NVIDIA", r"\bnvapi-[a-z0-9_-]{12}", r"nvapi-[\w-]{60,80}"),
    Issuer(
        "openai",
        "a key of OpenAI",
        r"T3BlbkFJ",
        r"sk-(?:proj-|svcacct-|admin-)?[A-Za-z0-9_-]{20,200}?T3BlbkFJ[\w-]{20,200}",
    ),
    Issuer("openrouter", "a key of OpenRouter", r"sk-or-v1-[0-9a-f]{12}", r"sk-or-v1-[0-9a-f]{64}"),
    Issuer("perplexity", "a key of Perplexity", r"\bpplx-[a-z0-9]{12}", r"pplx-[A-Za-z0-9]{48}"),
    Issuer(
        "pinecone",
        "a key of Pinecone",
        r"\bpcsk_[a-z0-9]{5}",
        r"pcsk_[A-Za-z0-9]{5,7}_[A-Za-z0-9]{50,70}",
    ),
    Issuer("replicate", "a token of Replicate", r"\br8_[a-z0-9]{37}\b", r"r8_[A-Za-z0-9]{37}"),
    Issuer("tavily", "a key of Tavily", r"\btvly-[a-z0-9]", r"tvly-(?:dev-|prod-)?[A-Za-z0-9]{32}"),
    Issuer("together", "a key of Together", r"\btgp_v1_[a-z0-9_-]", r"tgp_v1_[\w-]{43}"),
    Issuer("xai", "a key of xAI", r"\bxai-[a-z0-9]{40}", r"xai-[A-Za-z0-9]{80}"),
)
_MESSAGES: Final = (
    Issuer(
        "brevo",
        "a key of Brevo",
        r"\bx(?:key|smtp)sib-[0-9a-f]{12}",
        r"x(?:key|smtp)sib-[0-9a-f]{64}-[A-Za-z0-9]{16}",
    ),
    Issuer(
        "discord-hook",
        "a webhook of Discord",
        r"discord(?:app)?\.com/api/webhooks/[0-9]",
        r"discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[\w-]{60,70}",
    ),
    Issuer(
        "google-chat-hook",
        "a webhook of Google Chat",
        r"chat\.googleapis\.com/v1/spaces/",
        r"chat\.googleapis\.com/v1/spaces/[\w-]{5,30}/messages\?ke"
        r"y=[\w-]{30,50}&token=[\w%-]{30,80}",
    ),
    Issuer(
        "mailchimp",
        "a key of Mailchimp",
        r"[0-9a-f]{8}-us[0-9]",
        r"[0-9a-f]{32}-us[0-9]{1,2}",
        is_bare=True,
    ),
    Issuer("mailersend", "a token of MailerSend", r"\bmlsn\.[0-9a-f]{12}", r"mlsn\.[0-9a-f]{64}"),
    Issuer("mailgun", "a key of Mailgun", r"\bkey-[0-9a-f]{32}\b", r"key-[0-9a-f]{32}"),
    Issuer(
        "resend",
        "a key of Resend",
        r"\bre_[a-z0-9]{8}_[a-z0-9]{24}\b",
        r"re_[A-Za-z0-9]{8}_[A-Za-z0-9]{24}",
    ),
    Issuer("sendgrid", "a key of SendGrid", r"\bSG\.[a-z0-9_-]{12}", r"SG\.[\w-]{22}\.[\w-]{43}"),
    Issuer(
        "slack",
        "a token of Slack",
        r"xox[abdeoprs]-[0-9a-z%]",
        r"xox[abeoprs]-[A-Za-z0-9-]{20,250}|xoxd-[\w%+/-]{60,400}",
    ),
    Issuer(
        "slack-app",
        "an app's token of Slack",
        r"\bxapp-[0-9]-A[a-z0-9]",
        r"xapp-[0-9]-A[A-Z0-9]{8,14}-[0-9]{10,16}-[0-9a-f]{64}",
    ),
    Issuer(
        "slack-hook",
        "a webhook of Slack",
        r"hooks\.slack\.com/services/T",
        r"hooks\.slack\.com/services/T\w{6,16}/B\w{6,16}/\w{16,40}",
    ),
    Issuer(
        "teams-hook",
        "a webhook of Microsoft Teams",
        r"webhook\.office\.com/webhookb2/",
        rf"webhook\.office\.com/webhookb2/{_UUID}@{_UUID}/IncomingWebho"
        rf"ok/[0-9a-f]{{32}}/[\w-]{{36,120}}",
    ),
    Issuer(
        "telegram",
        "a bot token of Telegram",
        r"[0-9]{8}:AA[a-z0-9_-]{8}",
        r"[0-9]{8,10}:AA[\w-]{33}",
    ),
)
_MONEY: Final = (
    Issuer(
        "braintree",
        "a token of Braintree or PayPal",
        r"access_token\$(?:production|sandbox)\$",
        r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}",
    ),
    Issuer(
        "duffel", "a token of Duffel", r"duffel_(?:live|test)_", r"duffel_(?:live|test)_[\w-]{43}"
    ),
    Issuer(
        "easypost",
        "a key of EasyPost",
        r"\bEZ[AT]K[a-z0-9]{54}",
        r"EZ[AT]K[A-Za-z0-9]{54}",
        is_bare=True,
    ),
    Issuer(
        "flutterwave",
        "a secret key of Flutterwave",
        r"FLWSECK(?:_TEST)?-[0-9a-z]",
        r"FLWSECK(?:_TEST)?-[0-9A-Za-z-]{32,60}",
    ),
    Issuer(
        "paddle",
        "a key of Paddle",
        r"pdl_(?:live|sdbx)_apikey_",
        r"pdl_(?:live|sdbx)_apikey_[a-z0-9]{26}_[A-Za-z0-9]{22}_[A-Za-z0-9]{3}",
    ),
    Issuer(
        "plaid",
        "an access token of Plaid",
        r"\baccess-(?:production|development)-[0-9a-f]{8}-",
        rf"access-(?:production|development)-{_UUID}",
    ),
    Issuer(
        "shippo",
        "a token of Shippo",
        r"shippo_(?:live|test)_",
        r"shippo_(?:live|test)_[0-9a-f]{40}",
    ),
    Issuer(
        "shopify",
        "a token or secret of Shopify",
        r"\bshp(?:at|ca|pa|ss)_[0-9a-f]{12}",
        r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",
    ),
    Issuer(
        "square",
        "a token or secret of Square",
        r"sq0(?:atp|csp)-|\bEAAA[a-z0-9_-]{60}",
        r"sq0(?:atp-[\w-]{22}|csp-[\w-]{43})|EAAA[A-Za-z0-9_-]{60}",
        is_bare=True,
    ),
    Issuer(
        "stripe",
        "a secret key of Stripe",
        r"[rs]k_(?:org_)?(?:live|test)_[0-9a-z]{8}",
        r"[rs]k_(?:org_)?(?:live_[0-9A-Za-z]{16,250}|test_[0-9A-Za-z]{24,250})",
    ),
    Issuer(
        "stripe-hook",
        "a webhook secret of Stripe",
        r"whsec_[a-z0-9+/]{8}",
        r"whsec_[A-Za-z0-9+/]{24,100}",
    ),
)
_TEAMS: Final = (
    Issuer(
        "1password",
        "a secret key or token of 1Password",
        r"\bops_eyJ[a-z0-9]|\bA3-[a-z0-9]{6}-[a-z0-9]{11}-[a-z0-9]{5}-",
        r"ops_eyJ[\w+/=-]{100,2000}|A3-[A-Z0-9]{6}-[A-Z0-9]{11}(?:-[A-Z0-9]{5}){3}",
    ),
    Issuer("adobe", "a client secret of Adobe", r"\bp8e-[a-z0-9_-]{32}", r"p8e-[\w-]{32}"),
    Issuer(
        "airtable",
        "a token of Airtable",
        r"\bpat[a-z0-9]{14}\.[0-9a-f]{32}",
        r"pat[A-Za-z0-9]{14}\.[0-9a-f]{64}",
    ),
    Issuer("apify", "a token of Apify", r"apify_api_[a-z0-9]", r"apify_api_[A-Za-z0-9]{36,46}"),
    Issuer("checkly", "a key of Checkly", r"\bcu_[0-9a-f]{32}\b", r"cu_[0-9a-f]{32}"),
    Issuer(
        "clickup",
        "a token of ClickUp",
        r"\bpk_[0-9]{6,9}_[a-z0-9]{32}",
        r"pk_[0-9]{6,9}_[0-9A-Z]{32}",
    ),
    Issuer("contentful", "a token of Contentful", r"\bCFPAT-[a-z0-9_-]{8}", r"CFPAT-[\w-]{43}"),
    Issuer(
        "dropbox",
        "a token of Dropbox",
        r"\bsl\.(?:B|u\.)[a-z0-9_-]{30}",
        r"sl\.(?:B|u\.)[\w-]{120,1500}",
    ),
    Issuer(
        "dynatrace",
        "a token of Dynatrace",
        r"\bdt0[a-z][0-9]{2}\.[a-z2-7]{24}\.",
        r"dt0[a-z][0-9]{2}\.[A-Z2-7]{24}\.[A-Z2-7]{64}",
    ),
    Issuer(
        "facebook",
        "an access token of Facebook",
        r"\bEAACEdEose0cBA",
        r"EAACEdEose0cBA[0-9A-Za-z]{20,300}",
    ),
    Issuer("frameio", "a token of Frame.io", r"\bfio-u-[a-z0-9_-]{12}", r"fio-u-[\w-]{64}"),
    Issuer(
        "grafana",
        "a token of Grafana",
        r"\bglsa_[a-z0-9]{12}|\bglc_eyJ[a-z0-9]|\beyJrIjoi[a-z0-9]",
        r"glsa_[A-Za-z0-9]{32}_[0-9a-f]{8}|glc_eyJ[\w+/=-]{32,400}|eyJrIjoi[\w+/=-]{40,400}",
    ),
    Issuer(
        "honeycomb", "a key of Honeycomb", r"\bhc[a-z]ik_[a-z0-9]{12}", r"hc[a-z]ik_[a-z0-9]{58}"
    ),
    Issuer(
        "hubspot",
        "a token of HubSpot",
        r"\bpat-[a-z]{2}[0-9]-[0-9a-f]{8}-",
        rf"pat-[a-z]{{2}}[0-9]-{_UUID}",
    ),
    Issuer(
        "launchdarkly",
        "a server key of LaunchDarkly",
        r"\bsdk-[0-9a-f]{8}-[0-9a-f]{4}-",
        rf"sdk-{_UUID}",
    ),
    Issuer(
        "linear",
        "a key of Linear",
        r"\blin_(?:api|oauth|wh)_[a-z0-9]",
        r"lin_(?:api|oauth|wh)_[A-Za-z0-9]{32,64}",
    ),
    Issuer(
        "mapbox",
        "a secret token of Mapbox",
        r"\bsk\.eyJ[a-z0-9_-]",
        r"sk\.eyJ[\w-]{20,300}\.[\w-]{20,30}",
    ),
    Issuer(
        "newrelic",
        "a key of New Relic",
        r"\bNR(?:AK|II|RA|IQ)-[a-z0-9_-]{8}|[0-9a-f]{8}NRAL\b",
        r"NR(?:AK-[A-Z0-9]{27}|II-[\w-]{32}|IQ-[\w-]{32}|RA-[0-9a-f]{42})|[0-9a-f]{36}NRAL",
    ),
    Issuer(
        "notion",
        "a token of Notion",
        r"\bntn_[0-9]{11}|\bsecret_[a-z0-9]{43}\b",
        r"ntn_[0-9]{11}[A-Za-z0-9]{35}|secret_[A-Za-z0-9]{43}",
    ),
    Issuer("okta", "a token of Okta", r"\bSSWS 00[a-z0-9_-]", r"SSWS 00[\w-]{40}"),
    Issuer("ory", "a key of Ory", r"\bory_(?:pat|apikey)_", r"ory_(?:pat|apikey)_[\w.-]{32,100}"),
    Issuer("planet", "a key of Planet", r"\bPLAK[0-9a-f]{32}", r"PLAK[0-9a-f]{32}", is_bare=True),
    Issuer("polar", "a token of Polar", r"\bpolar_[op]at_", r"polar_[op]at_[A-Za-z0-9]{40,60}"),
    Issuer(
        "posthog", "a personal key of PostHog", r"\bphx_[a-z0-9]{43}", r"phx_[A-Za-z0-9]{43,60}"
    ),
    Issuer(
        "rapidapi",
        "a key of RapidAPI",
        r"msh[0-9a-f]{15}p1[0-9a-f]{6}jsn",
        r"[0-9a-f]{10}msh[0-9a-f]{15}p1[0-9a-f]{6}jsn[0-9a-f]{12}",
    ),
    Issuer("readme", "a key of ReadMe", r"\brdme_[a-z0-9]{12}", r"rdme_[a-z0-9]{70}"),
    Issuer("rootly", "a key of Rootly", r"\brootly_[0-9a-f]{12}", r"rootly_[0-9a-f]{64}"),
    Issuer(
        "sentry",
        "a token of Sentry",
        r"\bsntrys_eyJ|\bsntryu_[0-9a-f]{12}",
        r"sntrys_eyJ[\w+/=-]{60,500}|sntryu_[0-9a-f]{64}",
    ),
    Issuer(
        "stytch",
        "a secret of Stytch",
        r"\bsecret-(?:live|test)-[a-z0-9_-]{12}",
        r"secret-(?:live|test)-[\w=-]{36,50}",
    ),
    Issuer("typeform", "a token of Typeform", r"\btfp_[a-z0-9_.-]{12}", r"tfp_[\w.-]{44,70}"),
    Issuer("zuplo", "a key of Zuplo", r"\bzpka_[0-9a-f]{12}", r"zpka_[0-9a-f]{32}_[0-9a-f]{8}"),
)

ISSUERS: Final = (*_CLOUDS, *_CODE, *_MODELS, *_MESSAGES, *_MONEY, *_TEAMS)
"""All of them, in no particular order: none is a part of another."""
