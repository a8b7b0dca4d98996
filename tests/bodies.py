"""Full answers of the service, one or two a noun, in its shapes: what is null, what is absent, how dates look.

The people, pages and troubles are those of a ferry company that does not exist.
"""

from __future__ import annotations

from typing import Any, TypeAlias

JSON: TypeAlias = dict[str, Any]

# --- ids -------------------------------------------------------------------------------------------------------------

PAGE = "cm4quay0p1a6g7e2x9k3t5w8z"
WORKSPACE = "cm4quay0w2o5r8k1s6p3a9c7e"
TICKETS = "cm4quay0t3i7c1k5e8t2s4x6b"
BOOKING = "cm4quay0b6o2o9k4i1n8g3x5d"
TERMINALS = "cm4quay0t9e3r6m1i4n7a2l5s"
INCIDENT = "cm5fog10i2n5c8i1d4e7n3t6a"
INCIDENT_UPDATE = "cm5fog20u4p7d1a3t6e9x2m5b"
LATER_UPDATE = "cm5fog30u8p2d5a7t1e4x6m9c"
MAINTENANCE = "cm6dock1m3a6i9n2t5e8n1a4n"
MAINTENANCE_UPDATE = "cm6dock2u5p8d2a4t7e1x3m6d"
TEMPLATE = "cm7tmpl1t6e9m3p5l8a1t4e7f"
TEMPLATE_ROW = "cm7tmpl2j1o4i7n9r3o6w8x2g"
MEMBER = "cm8crew1m2e5m8b1e4r7x9n3h"
USER = "cm8crew2u3s6e9r2x5a8b1n4i"
SUBSCRIBER = "cm9mail1s4u7b1s3c6r9i2b5j"
METRIC = "cmametr1m5e8t2r4i7c1x3n6k"
DATAPOINT = "cmametr2d6a9t3a5p8o1i4n7l"
GROUP = "cmbgrou1g7r1o4u6p9x2n5a8m"
MONITOR = "cmcmoni1m8o2n5i7t1o3r6x9n"
ALERT = "cmcaler1a9l3e6r8t2x4n7b1o"
MONITOR_GROUP = "cmcgrou1m1o4n7g9r3o5u8p2p"
RULE = "cmdrule1r2u5l8e1x4n6b9c3q"
ASSERTION = "cmdrule2a3s6s9e2r5t7i1o4r"
ACTION = "cmdrule3a4c7t1i3o6n8x2b5s"
POLICY = "cmeesca1p5o8l2i4c7y9x3n6t"
SCHEDULE = "cmfcall1s6c9h3e5d8u1l4e7u"
SHIFT = "cmfcall2s7h1i4f6t9x2n5b8v"
PLACE = "cmfcall3p8l2a5c7e1x3n6b9w"
INTERVAL = "cmfcall4i9n3t6e8r2v4a7l1x"
TEAM = "cmgteam1t1e4a7m9x3n5b8c2y"

# --- pages -----------------------------------------------------------------------------------------------------------

PAGE_ROW: JSON = {
    "id": PAGE,
    "subdomain": "quayside",
    "name": "Quayside Ferries",
    "logoUrl": None,
    "faviconUrl": None,
    "websiteUrl": "https://quayside.example",
    "customDomain": "status.quayside.example",
    "publicEmail": None,
    "twitter": None,
    "status": "HASISSUES",
    "subscribeBySms": True,
    "language": "en",
    "useLargeHeader": False,
    "brandColor": "#045",
    "okColor": "rgba(20, 160, 90, 1)",
    "disruptedColor": None,
    "degradedColor": None,
    "downColor": "#B01030",
    "noticeColor": None,
    "unknownColor": None,
    "googleAnalytics": None,
    "smsService": "vonage",
    "htmlInMeta": None,
    "htmlAboveHeader": None,
    "htmlBelowHeader": None,
    "htmlAboveFooter": None,
    "htmlBelowFooter": None,
    "htmlBelowSummary": None,
    "launchDate": None,
    "cssGlobal": None,
    "onboarded": None,
    "createdAt": "2025-02-03T07:15:42.118Z",
    "updatedAt": "2025-06-19T21:04:09.530Z",
    "secureLink": "https://quayside.instatus.com/auth?jwt=header.payload.signature",
}

PAGE_WRITTEN: JSON = {
    "id": PAGE,
    "createdAt": "2025-02-03T07:15:42.118Z",
    "subdomain": "quayside",
    "logoUrl": "https://quayside.example/logo.svg",
    "faviconUrl": None,
    "websiteUrl": "https://quayside.example",
    "name": "Quayside Ferries",
    "status": "UP",
    "color": None,
    "language": "en",
    "googleAnalytics": None,
    "publicEmail": "harbour@quayside.example",
    "customDomain": None,
    "useLargeHeader": True,
    "disableDarkMode": None,
    "twitter": None,
    "subscribeBySms": None,
    "brandColor": "#045",
    "okColor": "#14A05A",
    "disruptedColor": "#E08010",
    "downColor": "#B01030",
    "degradedColor": "#D8B020",
    "noticeColor": "#607080",
    "htmlInMeta": None,
    "htmlAboveHeader": None,
    "htmlBelowHeader": None,
    "htmlAboveFooter": None,
    "htmlBelowFooter": None,
    "htmlBelowSummary": None,
    "cssGlobal": None,
    "onboarded": None,
    "launchDate": None,
    "dateFormat": "d MMMM yyyy",
    "dateFormatShort": "MMM yyyy",
    "timeFormat": "HH:mm",
    "private": False,
    "useAllowList": False,
    "allowList": ["crew@quayside.example"],
    "components": [
        {
            "id": TICKETS,
            "name": "Ticket machines",
            "status": "OPERATIONAL",
            "showUptime": True,
            "order": None,
            "group": None,
            "incidents": [],
        }
    ],
    "translations": {"name": {"fr": "Ferries du Quai"}},
}

# The page inside incidents and maintenances, and inside incident updates, where it has no id.
SITE: JSON = {
    "id": PAGE,
    "name": "quayside",
    "subdomain": "quayside",
    "color": None,
    "logoUrl": None,
    "publicEmail": None,
}
SITE_OF_UPDATE: JSON = {
    "subdomain": "quayside",
    "logoUrl": None,
    "name": "quayside",
    "slackIntegrations": [],
    "subscribers": [],
}

# --- components ------------------------------------------------------------------------------------------------------

COMPONENT: JSON = {
    "id": TICKETS,
    "name": "Ticket machines",
    "uniqueEmail": "ticket-machines-q1w2@automation.example",
    "description": "The red boxes on the pier",
    "status": "PARTIALOUTAGE",
    "order": 8,
    "group": {
        "id": TERMINALS,
        "name": "Terminals",
        "description": "",
        "status": "OPERATIONAL",
        "isParent": True,
        "group": None,
    },
    "nameTranslationId": None,
    "descriptionTranslationId": None,
    "showUptime": True,
    "createdAt": "2025-02-03T07:15:42.200Z",
    "updatedAt": "2025-06-19T20:58:11.004Z",
    "archivedAt": None,
    "siteId": PAGE,
    "groupId": TERMINALS,
    "nameHtml": "<p>Ticket machines</p>",
    "nameHtmlTranslationId": None,
    "descriptionHtml": None,
    "descriptionHtmlTranslationId": None,
    "isThirdParty": False,
    "thirdPartyStatus": None,
    "thirdPartyComponentId": None,
    "thirdPartyComponentServiceId": None,
    "importedFromStatuspage": False,
    "startDate": "2025-02-03T00:00:00.000Z",
    "translations": {"name": {"fr": "Billetterie"}, "description": None},
}

AFFECTED: JSON = {"id": TICKETS, "name": "Ticket machines", "status": "PARTIALOUTAGE", "showUptime": True, "site": SITE}

# --- incidents -------------------------------------------------------------------------------------------------------

INCIDENT_FULL: JSON = {
    "id": INCIDENT,
    "name": "Ticket machines refuse cards",
    "status": "RESOLVED",
    "started": "2025-06-19T20:31:07.000Z",
    "duration": 24,
    "resolved": "2025-06-19T20:55:12.000Z",
    "updates": [
        {
            "id": INCIDENT_UPDATE,
            "message": "Cards don't work at the pier",
            "messageHtml": "<p>Cards don't work at the pier</p>",
            "status": "INVESTIGATING",
            "notify": True,
            "started": "2025-06-19T20:31:07.000Z",
            "ended": "2025-06-19T20:55:12.000Z",
            "duration": 1445,
            "createdAt": "2025-06-19T20:31:07.912Z",
        },
        {
            "id": LATER_UPDATE,
            "message": "Cards work again",
            "messageHtml": "<p>Cards work again</p>",
            "status": "RESOLVED",
            "notify": False,
            "started": "2025-06-19T20:55:12.000Z",
            "ended": None,
            "duration": None,
            "createdAt": "2025-06-19T20:55:12.377Z",
        },
    ],
    "components": [AFFECTED],
    "translations": {"name": {"fr": "Cartes refusées"}, "message": None},
}

INCIDENT_FROM_TEMPLATE: JSON = {
    "id": INCIDENT,
    "name": "Fog on the strait",
    "nameTranslationId": None,
    "notify": True,
    "status": "IDENTIFIED",
    "started": "2025-11-05T06:02:44.019Z",
    "resolved": None,
    "duration": None,
    "createdAt": "2025-11-05T06:02:44.021Z",
    "updatedAt": "2025-11-05T06:02:44.021Z",
    "automated": False,
    "impact": "DEGRADEDPERFORMANCE",
    "appId": None,
    "siteId": PAGE,
    "importedFromStatuspage": False,
}

INCIDENT_UPDATE_FULL: JSON = {
    "id": INCIDENT_UPDATE,
    "message": "An engineer is on the 21:10 boat",
    "messageHtml": "<p>An engineer is on the 21:10 boat</p>",
    "status": "IDENTIFIED",
    "notify": True,
    "started": "2025-06-19T20:40:00.250Z",
    "incident": {
        "id": INCIDENT,
        "name": "Ticket machines refuse cards",
        "started": "2025-06-19T20:31:07.000Z",
        "status": "IDENTIFIED",
        "components": [
            {
                "id": TICKETS,
                "name": "Ticket machines",
                "status": "PARTIALOUTAGE",
                "showUptime": True,
                "site": SITE_OF_UPDATE,
                "subscribers": [],
            }
        ],
    },
    "translations": {"message": {"fr": "Un technicien arrive par le bateau de 21 h 10"}},
}

UPDATE_FROM_TEMPLATE: JSON = {
    "id": LATER_UPDATE,
    "message": "The fog has lifted",
    "messageTranslationId": None,
    "status": "RESOLVED",
    "notify": True,
    "started": "2025-11-05T09:20:00.004Z",
    "ended": None,
    "duration": None,
    "createdAt": "2025-11-05T09:20:00.006Z",
    "updatedAt": "2025-11-05T09:20:00.006Z",
    "incidentId": INCIDENT,
    "messageHtml": "<p>The fog has lifted</p>",
    "messageHtmlTranslationId": None,
    "importedFromStatuspage": False,
}

# --- maintenances ----------------------------------------------------------------------------------------------------

MAINTENANCE_FULL: JSON = {
    "id": MAINTENANCE,
    "name": "New gangway software",
    "status": "NOTSTARTEDYET",
    "start": "2026-01-12T01:00:00.500Z",
    "duration": 90,
    "notifyStart": True,
    "notifyEnd": False,
    "notifyEarly": True,
    "notifyMinutes": 120,
    "autoStart": True,
    "autoEnd": True,
    "updates": [
        {
            "id": MAINTENANCE_UPDATE,
            "message": "Gangways stay down for an hour and a half",
            "messageHtml": "<p>Gangways stay down for an hour and a half</p>",
            "status": "NOTSTARTEDYET",
            "notify": True,
            "started": "2026-01-12T01:00:00.500Z",
            "ended": None,
            "duration": None,
            "createdAt": "2026-01-08T10:00:00.731Z",
        }
    ],
    "components": [AFFECTED],
    "translations": {"name": {"fr": "Passerelles"}, "message": {"fr": "Une heure et demie"}},
}

# What a write answers: no flags; `end` in the answer of create only.
MAINTENANCE_WRITTEN: JSON = {
    key: value for key, value in MAINTENANCE_FULL.items() if not key.startswith(("notify", "auto"))
}
MAINTENANCE_CREATED: JSON = {**MAINTENANCE_WRITTEN, "end": "2026-01-12T02:30:00.500Z"}

MAINTENANCE_UPDATE_FULL: JSON = {
    "id": MAINTENANCE_UPDATE,
    "message": "The first gangway is done",
    "messageHtml": "<p>The first gangway is done</p>",
    "notify": True,
    "started": "2026-01-12T01:25:00.000Z",
    "status": "INPROGRESS",
    "maintenance": {
        "id": MAINTENANCE,
        "name": "New gangway software",
        "start": "2026-01-12T01:00:00.500Z",
        "status": "INPROGRESS",
        "components": [
            {
                "id": TICKETS,
                "name": "Ticket machines",
                "status": "UNDERMAINTENANCE",
                "showUptime": True,
                "subscribers": [],
                "site": {**SITE, "subscribers": []},
            }
        ],
    },
    "translations": {"message": {"fr": "La première passerelle est prête"}},
}

# --- templates -------------------------------------------------------------------------------------------------------

TEMPLATE_FULL: JSON = {
    "id": TEMPLATE,
    "type": "INCIDENT",
    "name": "Fog on the strait",
    "nameTranslationId": None,
    "message": "We don't sail until it lifts",
    "messageTranslationId": None,
    "messageHtml": "<p>We don&#39;t sail until it lifts</p>",
    "messageHtmlTranslationId": None,
    "status": "IDENTIFIED",
    "notify": True,
    "createdAt": "2025-03-01T12:00:01.002Z",
    "siteId": PAGE,
    "importedFromStatuspage": False,
    "deletedAt": None,
    "origin": "MANUAL",
    "components": [
        {
            "id": TEMPLATE_ROW,
            "status": "DEGRADEDPERFORMANCE",
            "componentId": TICKETS,
            "templateId": TEMPLATE,
            "importedFromStatuspage": False,
        }
    ],
    "translations": {"name": None, "message": None},
}

TEMPLATE_DELETED: JSON = {
    "id": TEMPLATE,
    "name": "Fog on the strait",
    "message": "We don't sail until it lifts",
    "createdAt": "2025-03-01T12:00:01.002Z",
    "site": {"id": PAGE},
}

# --- people ----------------------------------------------------------------------------------------------------------

PERSON: JSON = {"id": USER, "name": None, "email": "mina@quayside.example", "avatar": None}
TEAMMATE_FULL: JSON = {"id": MEMBER, "user": PERSON}
PROFILE: JSON = {"id": USER, "email": "mina@quayside.example", "name": "Mina", "slug": "mina-q", "avatar": None}

SUBSCRIBER_ROW: JSON = {
    "id": SUBSCRIBER,
    "email": None,
    "phone": "5550142",
    "webhook": None,
    "webhookEmail": None,
    "confirmed": True,
    "all": False,
    "components": [TICKETS],
}

SUBSCRIBER_CREATED: JSON = {
    "id": SUBSCRIBER,
    "name": None,
    "email": None,
    "phone": None,
    "confirmed": False,
    "all": True,
    "createdAt": "2025-06-19T20:33:00.081Z",
    "updatedAt": "2025-06-19T20:33:00.081Z",
    "siteId": PAGE,
    "unsubscribeToken": "let-me-go",
    "webhook": "https://tides.example/hooks/quayside",
    "webhookEmail": "ops@tides.example",
    "discord": None,
    "discordTeam": None,
    "slack": None,
    "slackTeam": None,
    "language": "en",
    "company": None,
    "microsoftTeamsWebhook": None,
    "googleChatWebhook": None,
    "googleChatSpace": None,
    "failedAttempts": 0,
    "approved": True,
    "importedFromStatuspage": False,
    "hideUnsubLink": False,
    "webhookIncidentBody": None,
    "webhookMaintenanceBody": None,
    "webhookComponentBody": None,
    "webhookHttpMethod": "POST",
    "webhookHeaders": {"X-Tide": "high"},
    "webhookQueryParams": None,
    "site": {"id": PAGE},
}

SUBSCRIBER_REMOVED: JSON = {
    "id": SUBSCRIBER,
    "name": None,
    "email": "ada@tides.example",
    "phone": None,
    "webhook": None,
    "webhookEmail": None,
    "discord": None,
    "microsoftTeamsWebhook": None,
    "company": None,
    "site": {"id": PAGE},
}

AUDIENCE_GROUP_FULL: JSON = {
    "id": GROUP,
    "siteId": PAGE,
    "name": "Harbour masters",
    "teammates": [
        {
            "id": "cmbgrou2t8m2p5l7a1c3e6x9n",
            "audienceGroupId": GROUP,
            "teammateId": MEMBER,
            "teammate": TEAMMATE_FULL,
        }
    ],
    "components": [
        {
            "id": "cmbgrou3c9m3p6l8a2c4e7x1o",
            "audienceGroupId": GROUP,
            "componentId": TICKETS,
            "component": COMPONENT,
        }
    ],
}
AUDIENCE_GROUP_WRITTEN: JSON = {"id": GROUP, "siteId": PAGE, "name": "Harbour masters", "site": {"id": PAGE}}

# --- metrics ---------------------------------------------------------------------------------------------------------

METRIC_FULL: JSON = {
    "id": METRIC,
    "name": "Time to print a ticket",
    "active": True,
    "order": 2,
    "suffix": "ms",
    "data": [{"timestamp": 1750365000000, "value": 812}, {"timestamp": 1750365060000, "value": 790.5}],
}
METRIC_CREATED: JSON = {**METRIC_FULL, "data": [], "lastDataAt": 1750365060000}
METRIC_EMPTIED: JSON = {
    "name": "Time to print a ticket",
    "order": 2,
    "suffix": "ms",
    "site": {"id": PAGE, "subdomain": "quayside"},
}

# --- monitors --------------------------------------------------------------------------------------------------------

MONITOR_FULL: JSON = {
    "pageId": PAGE,
    "url": "https://quayside.example/sailings",
    "httpMethod": "GET",
    "body": None,
    "headers": {"Accept": "application/json", "X-Pier_No": "3"},
    "queryParams": {"day": "today"},
    "basicAuth": {"username": "lighthouse", "password": "keep-dark"},
    "type": "HTTP",
    "assertions": [
        {
            "id": "a1",
            "type": "STATUSCODE",
            "comparison": "EQUALS",
            "selector": None,
            "value": "200",
        }
    ],
    "alerts": [ALERT],
    "name": "Sailings",
    "locations": ["EU_CENTRAL_1", "US_EAST_1"],
    "checksInterval": 120,
    "onFail": {
        "createIncident": True,
        "createOutageDuration": True,
        "publishIncident": False,
        "notifySubscribers": False,
    },
    "onRecover": {
        "resolveIncident": True,
        "resolveOutageDuration": True,
        "publishIncident": False,
        "notifySubscribers": False,
    },
    "createdAt": "2025-04-04T04:04:04.404Z",
    "updatedAt": "2025-05-05T05:05:05.505Z",
}

ALERT_FULL: JSON = {
    "id": ALERT,
    "siteId": PAGE,
    "type": "PHONE_CALL",
    "recipient": "5550142",
    "whenFails": True,
    "whenRecovers": False,
    "whenDegrades": True,
    "whenSslExpires": True,
    "sslExpiresInDays": 21,
    "createdAt": "2025-04-04T04:04:04.404Z",
    "updatedAt": "2025-05-05T05:05:05.505Z",
    "metadata": "pier 3",
}

MONITOR_GROUP_FULL: JSON = {
    "id": MONITOR_GROUP,
    "name": "Timetables",
    "siteId": PAGE,
    "collapsed": False,
    "monitors": [{"id": MONITOR}],
    "groupId": None,
    "children": [{"id": "cmcgrou2c2h5i8l1d4x6n9b3q", "name": "Winter timetable"}],
    "order": 1,
    "createdAt": "2025-04-04T04:04:04.404Z",
    "updatedAt": "2025-05-05T05:05:05.505Z",
    "parents": [],
    "componentId": None,
}

# --- calling people --------------------------------------------------------------------------------------------------

RULE_FULL: JSON = {
    "id": RULE,
    "siteId": PAGE,
    "assertions": [
        {"id": ASSERTION, "routingRuleId": RULE, "type": "TITLE", "comparison": "CONTAINS", "value": "gangway"}
    ],
    "actions": [
        {
            "id": ACTION,
            "routingRuleId": RULE,
            "type": "NOTIFY_WORKSPACE_MEMBER",
            "targetId": "mina@quayside.example",
        }
    ],
    "createdAt": "2025-04-04T04:04:04Z",
    "updatedAt": "2025-05-05T05:05:05Z",
    "order": 1,
}

POLICY_FULL: JSON = {
    "id": POLICY,
    "siteId": PAGE,
    "name": "Nobody answers",
    "description": "Ring until the captain wakes up",
    "rules": [
        {
            "id": "cmeesca2r6u9l3e5x8n1b4c7u",
            "escalationPolicyId": POLICY,
            "order": 1,
            "condition": "NOT_ACKNOWLEDGED",
            "delayInMins": 7,
            "actions": [
                {
                    "id": "cmeesca3a7c1t4i6o9n2x5b8v",
                    "ruleId": "cmeesca2r6u9l3e5x8n1b4c7u",
                    "type": "NOTIFY_ALL_ON_CALL_MEMBERS",
                    "targetId": None,
                    "createdAt": "2025-04-04T04:04:04Z",
                    "updatedAt": "2025-05-05T05:05:05Z",
                }
            ],
        }
    ],
    "repeat": True,
    "repeatCount": 4,
    "repeatDelay": 9,
    "revertAcknowledgement": False,
    "autoResolveIncidentsAfterRepeat": True,
    "createdAt": "2025-04-04T04:04:04Z",
    "updatedAt": "2025-05-05T05:05:05Z",
}

SCHEDULE_FULL: JSON = {
    "id": SCHEDULE,
    "name": "Night boats",
    "description": "From dusk to dawn",
    "status": "ACTIVE",
    "onCallShifts": [
        {
            "id": SHIFT,
            "name": "North pier",
            "order": 1,
            "members": [
                {"id": PLACE, "order": 2, "color": "#14A05A", "workspaceMember": TEAMMATE_FULL},
                {
                    "id": "cmfcall5p1l4a6c9e3x5n8b2x",
                    "order": 1,
                    "color": "#B01030",
                    "workspaceMember": {
                        "id": "cm8crew3m4e7m1b3e6r9x2n5j",
                        "user": {
                            "id": "cm8crew4u5s8e2r4x7a1b3n6k",
                            "name": "Olu",
                            "email": "olu@quayside.example",
                            "avatar": "https://faces.example/olu.png",
                        },
                    },
                },
            ],
            "rotationType": "CUSTOM",
            "customRotationTypeValue": 3,
            "customRotationTypeUnit": "DAYS",
            "startDate": "2025-10-01T16:00:00Z",
            "endDate": "2026-03-31T16:00:00.000Z",
            "restrictionType": "TIMEINTERVALS",
            "timeOfDayRestrictionStartTime": "1970-01-01T19:00:00.000Z",
            "timeOfDayRestrictionEndTime": None,
            "timeIntervals": [
                {
                    "id": INTERVAL,
                    "startDay": "FRIDAY",
                    "startDayTime": "1970-01-01T19:00:00.000Z",
                    "endDay": "MONDAY",
                    "endDayTime": "1970-01-01T05:30:00.000Z",
                }
            ],
        }
    ],
}

_OLU: JSON = {
    "id": "cm8crew3m4e7m1b3e6r9x2n5j",
    "name": "Olu",
    "email": "olu@quayside.example",
    "phone": "5550177",
    "avatar": None,
}
_MINA: JSON = {"id": MEMBER, "name": None, "email": "mina@quayside.example", "phone": None, "avatar": None}
ON_CALL: JSON = {"currentMembers": [_OLU], "nextMembers": [_MINA], "allMembers": [_MINA, _OLU]}

# --- workspaces ------------------------------------------------------------------------------------------------------

WORKSPACE_FULL: JSON = {
    "id": WORKSPACE,
    "createdAt": "2025-02-03T07:10:00.917Z",
    "updatedAt": "2025-02-03T07:10:00.917Z",
    "name": "Quayside",
    "slug": "quayside",
    "avatar": None,
    "sites": [PAGE],
    "sso": False,
    "organizationDomains": None,
    "allowDomainEmails": False,
    "allowedDomainsDefaultPermission": "READ",
    "ssoActive": False,
    "directorySyncActive": False,
    "enableMultipleOrgs": True,
    "allowedDomains": None,
    "allowedEmailDomains": ["quayside.example"],
    "referralId": None,
    "referralCoupon": None,
    "referralCode": None,
    "sendNewWorkspaceMembersStatusPageUpdates": True,
    "sendNewWorkspaceMembersAutomationIntegrationNotifications": False,
    "sendNewWorkspaceMembersInvalidCustomDomainNotifications": True,
    "sendNewWorkspaceMembersPhoneCallNotifications": False,
    "sendNewWorkspaceMembersWeeklyReportsNotifications": True,
    "longRunningIncidentNotificationSettings": [0.5, 2, 12],
    "useSSOLogin": True,
    "useGoogleLogin": False,
    "useMagiclinkLogin": True,
    "usePasswordLogin": False,
    "useGithubLogin": True,
}

# --- what everybody sees ---------------------------------------------------------------------------------------------

SUMMARY: JSON = {
    "page": {"name": "Quayside Ferries", "url": "https://status.quayside.example", "status": "HASISSUES"},
    "activeIncidents": [
        {
            "id": INCIDENT,
            "name": "Ticket machines refuse cards",
            "started": "2025-06-19T20:31:07.000Z",
            "status": "INVESTIGATING",
            "impact": "PARTIALOUTAGE",
            "url": f"https://status.quayside.example/incident/{INCIDENT}",
            "updatedAt": "2025-06-19T20:40:00.250Z",
        }
    ],
    "activeMaintenances": [
        {
            "id": MAINTENANCE,
            "name": "New gangway software",
            "start": "2026-01-12T01:00:00.500Z",
            "status": "NOTSTARTEDYET",
            "duration": "90",
            "url": f"https://status.quayside.example/maintenance/{MAINTENANCE}",
            "updatedAt": "2026-01-08T10:00:00.731Z",
        }
    ],
}
